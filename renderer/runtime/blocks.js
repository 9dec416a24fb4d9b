// Blocks of main's memory (ipc.Block): each update is copied into an ArrayBuffer that stays the same object.

// The handler of a block's channel. It answers whether it had use for the update; if not, main sends the whole block.
function blockHandler(listener) {
  let bytes = new Uint8Array(0);
  let block = 0;
  return async (event, id, size, offset, part) => {
    if (id === block && bytes.length === size) bytes.set(part, offset);
    else if (part.length !== size) return false; // nothing to put it into: a new document, or the preload has transferred the buffer away
    else [block, bytes] = [id, part]; // which has a buffer of its own
    await listener(event, { buffer: bytes.buffer, offset, length: part.length });
    return true;
  };
}
