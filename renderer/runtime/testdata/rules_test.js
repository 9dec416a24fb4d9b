// testRules holds rules.js to protocol/testdata/rules.json, given parsed. It returns a list of texts, empty when all is well.
function testRules(rules, vectors) {
  return vectors.cases
    .filter(({ origin, channel, allowed }) => rules.allowed(vectors.rules, origin, channel) !== allowed)
    .map(({ origin, channel, allowed }) => `${origin} on ${channel}: want ${allowed}`);
}
