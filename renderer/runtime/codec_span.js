// Where an item ends: what has to be known of bytes that are decoded elsewhere.
const endOfItem = (() => {
  'use strict';

  const bad = () => new Error('A damaged message: it ends too early.');
  const foreign = () => new Error('A value of a kind that may not be here.');

  // The bytes behind the code of an item that has no length of its own, by its code from 0xca on; of an ext its type is one of them.
  const FIXED = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17];

  // endOfItem returns where the item at pos ends; it may not reach beyond end, but for a tail of that many bytes, or from least
  // on, which has a place of its own. With exts, a table by type, it may have none but those.
  return function endOfItem(bytes, pos, end, tail = 0, least = tail, exts = null) {
    let left = 1; // items to come
    while (left > 0) {
      if (pos >= end) throw bad();
      left--;
      const c = bytes[pos++];
      if (c < 0x80 || c >= 0xe0) continue;
      if (c < 0xc0) {
        if (c >= 0xa0) pos += c & 0x1f;
        else left += c < 0x90 ? 2 * (c & 0xf) : c & 0xf;
        continue;
      }
      if (c < 0xc4) continue;
      if (c >= 0xca && c < 0xd9) {
        if (exts !== null && c >= 0xd4 && exts[bytes[pos]] !== 1) throw foreign();
        pos += FIXED[c - 0xca];
        continue;
      }
      const width = c < 0xc7 ? 1 << (c - 0xc4) : c < 0xca ? 1 << (c - 0xc7) : c < 0xdc ? 1 << (c - 0xd9) : 2 << (c & 1);
      if (width > end - pos) throw bad();
      let n = 0;
      for (let i = 0; i < width; i++) n = n * 256 + bytes[pos++];
      if (exts !== null && c >= 0xc7 && c < 0xca && exts[bytes[pos]] !== 1) throw foreign();
      if (c >= 0xdc) left += c < 0xde ? n : 2 * n;
      else if (tail > 0 && n >= least && n <= tail && pos === end && left === 0) return end;
      else pos += c >= 0xc7 && c < 0xca ? n + 1 : n;
    }
    if (pos > end) throw bad();
    return pos;
  };
})();
