// testRules holds rules.js to protocol/testdata/rules.json, given parsed. It returns a list of [rule, problem], the problem '' where all
// is well.
function testRules(rules, vectors) {
  return vectors.cases.map(({ origin, channel, allowed }) => {
    const got = rules.allowed(vectors.rules, origin, channel);
    return [`${origin} on ${channel}`, got === allowed ? '' : `gives ${got}`];
  });
}
