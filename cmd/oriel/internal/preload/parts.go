package preload

// Functions of the preload that those for channels are made with, and types that go with them. Each is written only where it is used.

const answer = `  const answer = (channel, handler, count) => {
    if (typeof handler !== 'function') throw new TypeError('The handler must be a function');
    ipcRenderer.handle(channel, (event, ...args) => {
      if (count !== undefined) args.length = count;
      const context = {};
      for (const name of ['signal', 'traceparent', 'tracestate']) if (event[name] !== undefined) context[name] = event[name];
      return handler(...args, context);
    });
    return () => { ipcRenderer.removeHandler(channel); };
  };

`

const block = `  const block = (channel, handler) => {
    if (typeof handler !== 'function') throw new TypeError('The handler must be a function');
    ipcRenderer.handleBlock(channel, (_event, { buffer, offset, length }) =>
      handler({ bytes: new Uint8Array(buffer, offset, length), offset, size: buffer.byteLength }));
    return () => { ipcRenderer.removeHandler(channel); };
  };

`

const sendOptions = `/** SendOptions are what a message may have besides its arguments. */
export interface SendOptions {
  /** the place in a trace, as W3C Trace Context has it */
  traceparent?: string | undefined;
  tracestate?: string | undefined;
}

`

const callOptions = `/** CallOptions are what a call may have besides its arguments. */
export interface CallOptions extends SendOptions {
  /** gives the call up when it fires, here and in Go */
  signal?: AbortSignal | undefined;
}

`

const callContext = `/** CallContext is what a handler is told of a call besides its arguments. It can be handed on as the options of a call to Go. */
export interface CallContext {
  /** fires when Go gives the call up */
  readonly signal: AbortSignal;
  /** the call's place in a trace, as W3C Trace Context has it */
  readonly traceparent?: string;
  readonly tracestate?: string;
}

`

const blockChange = `/** BlockChange is a part of a block that has changed; the first one is the whole block. */
export interface BlockChange {
  /** the part's bytes, which are the receiver's own */
  bytes: Uint8Array<ArrayBuffer>;
  /** where in the block they belong */
  offset: number;
  /** the bytes of the whole block */
  size: number;
}

`
