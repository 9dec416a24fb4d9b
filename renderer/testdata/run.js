bridgeResults().then(
  async (results) => { report(results.concat(await hostileResults())); }).catch(
  (error) => { report([['the page itself', `${error.message} ${error.stack || error}`]]); });
