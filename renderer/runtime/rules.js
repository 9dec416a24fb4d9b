// Who may use which channel: the same rules as protocol.Allowed, held to it by protocol/testdata/rules.json.
const rules = (() => {
  const RESERVED = 'oriel:';

  function matchChannel(pattern, text) {
    return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
  }

  // A "*" stands for everything, for every host of a scheme or for every port of a host, and for nothing else.
  function isOriginPattern(pattern) {
    if (!pattern.endsWith('*')) return pattern !== '' && !pattern.includes('*');
    const prefix = pattern.slice(0, -1);
    if (prefix === '') return true;
    const at = prefix.indexOf('://');
    if (prefix.includes('*') || at < 1) return false;
    const host = prefix.slice(at + 3);
    return host === '' || (host.endsWith(':') && host !== ':');
  }

  function matchOrigin(pattern, origin) {
    if (origin === 'null' || !isOriginPattern(pattern)) return pattern === origin;
    if (matchChannel(pattern, origin)) return true;
    return pattern.endsWith(':*') && pattern.slice(0, -2) === origin; // an origin leaves out its scheme's default port
  }

  function allowed(list, origin, channel) {
    if (origin === '' || channel.startsWith(RESERVED)) return false;
    return list.some((rule) => (rule.channels || []).some((pattern) => matchChannel(pattern, channel)) &&
      (rule.origins || []).some((pattern) => matchOrigin(pattern, origin)));
  }

  return { RESERVED, allowed };
})();
