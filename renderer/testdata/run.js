bridgeResults().then(
  async (results) => { report(results.concat(await hostileResults())); }).catch(
  (error) => { report([['the page itself', String(error.stack || error)]]); });
