// The published ways out of Electron's context isolation, and those out of its windows that a page could try here, one rule each. The
// attacks are written anew from what the advisories say about their kind.
(async () => {
  const results = [];
  const PageError = Error, PageFunction = Function, ObjectPrototype = Object.prototype;
  const { getPrototypeOf, ownKeys, apply } = Reflect;
  const isArray = Array.isArray;
  let problems;

  // Whether a value leads to another world's Function: by its chain of prototypes, its constructor, or what it holds.
  function look(where, value, depth = 0) {
    if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return;
    let top = value;
    for (let next = getPrototypeOf(top); next !== null; next = getPrototypeOf(top)) top = next;
    if (top !== ObjectPrototype && top !== value) problems.push(`${where} is foreign`);
    let reached = 'nothing';
    try { reached = value.constructor.constructor('return typeof ipcRenderer + typeof require')(); } catch { return; }
    if (reached !== 'undefinedundefined' && reached !== 'nothing') problems.push(`${where} leads to ${reached}`);
    if (depth < 3) for (const key of ownKeys(value)) {
      let inner;
      try { inner = value[key]; } catch { continue; }
      look(`${where}.${String(key)}`, inner, depth + 1);
    }
  }
  const refused = (where, call) => {
    try {
      look(`${where} result`, call());
      problems.push(`${where} gave something`);
    } catch (error) {
      look(`${where} error`, error);
      if (!(error instanceof PageError) || !String(error.message).startsWith('An object could not be cloned.')) problems.push(`${where}: ${String(error)}`);
    }
  };
  const refusedLater = async (where, promise) => {
    look(where, promise);
    let error;
    try { look(`${where} value`, await promise); problems.push(`${where} gave something`); } catch (e) { error = e; }
    look(`${where} reason`, error);
    if (!(error instanceof PageError)) problems.push(`${where}: no Error`);
  };
  // Runs f while builtins are replaced by others that look at what they are given.
  const hooked = async (targets, f) => {
    const undo = targets.map(([object, key]) => {
      const old = object[key];
      object[key] = function (...args) {
        look(`${key} this`, this);
        for (const arg of args) look(`${key} argument`, arg);
        const result = new.target ? Reflect.construct(old, args, new.target) : apply(old, this, args);
        look(`${key} result`, result);
        return result;
      };
      return () => { object[key] = old; };
    });
    try { await f(); } finally { for (const f of undo) f(); }
  };
  const rule = async (name, f) => {
    problems = [];
    try { await f(); } catch (error) { problems.push(`the test itself: ${error && error.stack}`); }
    results.push([name, [...new Set(problems)].join('; ')]);
  };

  await rule('CVE-2018-1000136 and CVE-2018-15685: powers asked for by window features or an element of their own', () => {
    for (const features of ['webPreferences=nodeIntegration=yes', 'nodeIntegration=1,webviewTag=1,sandbox=no,preload=/etc/passwd'])
      if (window.open('about:blank', '_blank', features) !== null) problems.push(`a window with ${features}`);
    const element = document.body.appendChild(document.createElement('webview'));
    for (const name of ['src', 'preload', 'executeJavaScript', 'getWebContentsId', 'contentWindow']) if (name in element) problems.push(`${name} of a webview`);
    element.remove();
  });
  await rule('CVE-2020-4075: files read by a child window', () => {
    if (window.open('file:///etc/passwd', '_blank', 'preload=file:///etc/passwd') !== null) problems.push('a window');
    const frame = document.createElement('iframe');
    frame.src = 'file:///etc/passwd';
    document.body.append(frame);
    try { if (frame.contentWindow.document.body.innerText.includes(':')) problems.push('a file in a frame'); } catch {}
    frame.remove();
  });
  await rule('CVE-2020-4076: objects leaked to replaced builtins', () => hooked([
    [Function.prototype, 'call'], [Function.prototype, 'apply'], [Array.prototype, 'push'], [Array.prototype, 'concat'], [Array.prototype, 'map'],
    [Array.prototype, 'forEach'], [Object, 'keys'], [Object, 'assign'], [Object, 'defineProperty'], [Object, 'freeze'], [Reflect, 'apply'],
    [Reflect, 'ownKeys'], [JSON, 'stringify'], [WeakMap.prototype, 'get'], [WeakMap.prototype, 'set'], [Map.prototype, 'set'], [Map.prototype, 'forEach']],
  async () => {
    look('echo', api.echo({ a: [1, new Map([[1, {}]])], f() {} }));
    look('call', api.call((...args) => { look('arguments', args); return args; }, { a: 1 }));
    look('promise', await api.promise());
  }));
  await rule('CVE-2020-4077: objects leaked by the bridge itself', async () => {
    for (const value of [api, api.echo, api.list, api.map, api.date, api.error, api.instance, api.counter, api.ipcRenderer]) look('exposed', value, 1);
    api.call(function f() {
      look('this of a callback', this);
      look('arguments', [...arguments]);
      look('caller', f.caller);
      look('its arguments', f.arguments);
      look('caller of the callee', arguments.callee.caller);
    }, {}, [], () => {}, new Error('e'));
    for (let count = 0; count < 5; count++) // a call of few arguments goes another way than one of many
      api.call(function () {
        look(`this with ${count}`, this);
        if (this !== undefined && this !== window) problems.push(`a this of ${typeof this} with ${count} arguments`);
        look(`arguments of ${count}`, [...arguments]);
        if (arguments.length !== count) problems.push(`${arguments.length} arguments, not ${count}`);
      }, ...[{}, [1], () => {}, new Error('e')].slice(0, count));
    for (const name of ['throwError', 'throwCoded', 'throwNull', 'throwWithGetter', 'throwUncloneable'])
      try { api[name](); } catch (error) { look(name, error); }
    look('a function for the page', api.original.constructor);
    look('its prototype', getPrototypeOf(api.original));
  });
  await rule('CVE-2020-15096: then of a promise replaced', () => hooked([[Promise.prototype, 'then'], [Promise.prototype, 'catch'], [Promise.prototype, 'finally'], [Promise, 'resolve']],
    async () => {
      const mine = Promise.resolve({ a: 1 });
      mine.then = function (...args) { problems.push('the bridge called a then of the page'); look('own then', args); return Promise.prototype.then.apply(this, args); };
      look('a promise of mine', await api.awaitOwn(mine));
      look('thenable', await api.awaitOwn({ then(...args) { look('then', args); args[0](1); } }));
      look('promise', await api.promise());
      look('nested', await api.nestedPromise().inner.later);
      try { await api.rejected(); } catch (error) { look('reason', error); }
    }));
  await rule('CVE-2020-15215: a child window or frame in which nothing is isolated', async () => {
    if (window.open() !== null || window.open('about:blank') !== null) problems.push('a window');
    for (const src of ['', 'about:blank', 'javascript:1', 'about:srcdoc', location.href.replace('advisories', 'none')]) {
      const frame = document.createElement('iframe');
      if (src) frame.src = src;
      document.body.append(frame);
      const child = frame.contentWindow;
      if (child.open && child.open() !== null) problems.push(`a window of ${src}`);
      for (const name of ['api', '__oriel', 'require', 'ipcRenderer', 'process', 'module']) if (name in child) problems.push(`${name} in ${src}`);
      frame.remove();
    }
  });
  await rule('CVE-2023-29198: results with something uncloneable deep in them', async () => {
    for (const name of ['returnUncloneable', 'returnNestedUncloneable', 'canvasContext']) refused(name, () => api[name]());
    await refusedLater('promiseUncloneable', api.promiseUncloneable());
    await refusedLater('throwingGetter', (async () => api.throwingGetter())());
    const trapped = new Proxy({}, { ownKeys() { throw new PageError('mine'); } });
    for (const value of [[{ w: new WeakMap() }], trapped]) refused('argument', () => api.echo(value));
  });
  await rule('CVE-2026-34780: objects of the browser that are wrapped anew', async () => {
    const canvas = new OffscreenCanvas(2, 2);
    canvas.getContext('2d');
    const own = [canvas, new MessageChannel().port1, new DocumentFragment(), new Text('x'),
      new ImageData(1, 1), await createImageBitmap(canvas), document.createRange(), new AbortController(), new FormData(), new Headers()];
    for (const value of own) {
      refused(String(value), () => api.echo(value));
      refused(`nested ${String(value)}`, () => api.echo([{ value }]));
      value.mine = window;
      Object.setPrototypeOf(value, null);
      try { look('without its prototype', api.echo(value)); } catch (error) { look('its error', error); }
    }
    // Those that do cross come as this world's, whatever the page makes of them.
    for (const value of [document.body, document.createElement('p'), new Blob(['x']), new File(['x'], 'x')]) {
      value.mine = { leaks: window };
      if (api.echo(value) !== value || api.describeOwn(value) !== '') problems.push(`${String(value)} does not come home bare`);
      look('its prototype', getPrototypeOf(api.echo(value)));
    }
    const { signal } = new AbortController();
    signal.mine = { leaks: window };
    if (api.describeOwn(signal) !== '') problems.push('a signal does not arrive bare');
    look('its prototype', getPrototypeOf(api.echo(signal)));
    const frame = new VideoFrame(canvas, { timestamp: 0 });
    frame.mine = signal.mine;
    for (const copy of [api.videoFrame(), (await api.videoFrames())[0].frame, api.echo(frame)]) {
      look('frame', copy);
      if (getPrototypeOf(copy) !== VideoFrame.prototype || Reflect.ownKeys(copy).length > 0) problems.push('a frame does not arrive bare');
      copy.close();
    }
    for (const name of ['element', 'detachedElement', 'viewlessElement']) look(name, getPrototypeOf(api[name]()));
  });
  const streamParts = [[ReadableStream.prototype, 'getReader'], [ReadableStreamDefaultReader.prototype, 'read'],
    [ReadableStreamDefaultReader.prototype, 'cancel'], [ReadableStreamDefaultController.prototype, 'enqueue'],
    [ReadableStreamDefaultController.prototype, 'close'], [Promise.prototype, 'then'], [ReadableByteStreamController.prototype, 'enqueue'],
    [ReadableByteStreamController.prototype, 'close'], [ReadableStreamBYOBReader.prototype, 'releaseLock'], [ReadableStreamBYOBRequest.prototype, 'respond']];
  await rule('streams, read with builtins that the page has replaced', () => hooked(streamParts, async () => {
    const mine = { own: 1 };
    const locked = new ReadableStream();
    locked.getReader();
    refused('a locked stream', () => api.echo(locked));
    refused('what only says it is one', () => api.echo(Object.create(ReadableStream.prototype, { [Symbol.toStringTag]: { value: 'ReadableStream' } })));
    for (const reason of [undefined, mine, new Error('mine')]) {
      let canceled = 0;
      const stream = api.echo(new ReadableStream({ pull(c) { c.enqueue({ mine, f: () => mine }); }, cancel(why) { canceled++; look('reason', why); } }));
      look('stream', stream);
      const reader = stream.getReader();
      look('reader', reader);
      const first = await reader.read();
      look('chunk', first);
      if (first.done || first.value.mine === mine || first.value.f().own !== 1) problems.push('a chunk is not a copy');
      await reader.cancel(reason);
      if (canceled !== 1) problems.push(`canceled ${canceled} times`);
    }
    const bytes = api.echo(new Blob(['abc']).stream()).getReader({ mode: 'byob' });
    for (let view = new Uint8Array(2), done = false; !done;) {
      const answer = await bytes.read(view);
      look('bytes', answer);
      done = answer.done;
      view = new Uint8Array(answer.value.buffer);
    }
    const failing = api.echo(new ReadableStream({ pull() { throw new TypeError('mine'); } })).getReader();
    try { await failing.read(); problems.push('no error'); } catch (error) { look('error', error); if (String(error) !== 'TypeError: mine') problems.push(String(error)); }
  }));
  await rule('CVE-2026-34765: a window of another opener found by its name', () => {
    for (const name of ['oriel', 'main', 'child', '_top2']) if (window.open('about:blank', name) !== null) problems.push(`a window named ${name}`);
    window.name = 'mine';
    if (window.open('', 'other') !== null) problems.push('an existing window');
  });
  await rule('CVE-2026-70601: bind replaced before a function that returns a promise is called', () => hooked([[Function.prototype, 'bind']], async () => {
    const bound = [];
    const bind = Function.prototype.bind;
    Function.prototype.bind = function (...args) { bound.push(this, ...args); return apply(bind, this, args); };
    look('promise', await api.promise());
    try { await api.rejected(); } catch (error) { look('reason', error); }
    look('mine', await api.awaitOwn(Promise.resolve({ f() {} })));
    look('a function made now', api.fresh());
    look('callback', api.call(() => Promise.resolve(1)));
    Function.prototype.bind = bind;
    for (const value of bound) look('bound', value);
    if (bound.length > 0) problems.push('the bridge called bind');
  }));
  await rule('CVE-2026-70610: a key __proto__ that becomes a prototype', () => {
    const evil = () => JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}');
    const found = api.inspect(evil());
    if (!found.proto || !found.ownProto) problems.push('the copy has another prototype');
    const getter = Object.defineProperty({}, '__proto__', { get: () => ({ polluted: 1 }), enumerable: true });
    const list = [];
    Object.defineProperty(list, '__proto__', { value: { polluted: 1 }, enumerable: true });
    for (const value of [evil(), [evil()], { a: { b: evil() } }, new Map([['__proto__', evil()]]), getter, list, Object.assign(new Error('e'), { data: evil() })]) {
      const back = api.echo(value);
      if (back.polluted !== undefined) problems.push('the copy is polluted');
      if (api.polluted() !== false) problems.push('the preload is polluted');
    }
    try { api.call(() => { throw Object.assign(new Error('e'), { data: evil(), __proto__: { polluted: 1 } }); }); } catch {}
    if (api.polluted() !== false || ({}).polluted !== undefined) problems.push('something is polluted');
  });
  report(results);
})();
