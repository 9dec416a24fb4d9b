// Where an item ends: what has to be known of bytes that are decoded elsewhere.
const endOfItem = (() => {
  'use strict';

  const bad = () => new Error('A damaged message: it ends too early.');

  // endOfItem returns where the item at pos ends; it may not reach beyond end, but for a tail of that many bytes, which has a place of its own.
  return function endOfItem(bytes, pos, end, tail = 0) {
    const size = (width) => {
      if (width > end - pos) throw bad();
      let n = 0;
      for (let i = 0; i < width; i++) n = n * 256 + bytes[pos++];
      return n;
    };
    let left = 1; // items to come
    while (left > 0) {
      if (pos >= end) throw bad();
      left--;
      const c = bytes[pos++];
      let n = 0; // bytes of the item
      if (c < 0x80 || c >= 0xe0) continue;
      if (c < 0x90) left += 2 * (c & 0xf);
      else if (c < 0xa0) left += c & 0xf;
      else if (c < 0xc0) n = c & 0x1f;
      else if (c < 0xc4) continue;
      else if (c < 0xc7) n = size(1 << (c - 0xc4));
      else if (c < 0xca) n = size(1 << (c - 0xc7)) + 1;
      else if (c < 0xcc) n = 4 << (c - 0xca);
      else if (c < 0xd0) n = 1 << (c - 0xcc);
      else if (c < 0xd4) n = 1 << (c - 0xd0);
      else if (c < 0xd9) n = (1 << (c - 0xd4)) + 1;
      else if (c < 0xdc) n = size(1 << (c - 0xd9));
      else if (c < 0xde) left += size(2 << (c - 0xdc));
      else left += 2 * size(2 << (c - 0xde));
      if (n <= end - pos) pos += n;
      else if (tail > 0 && pos === end && n === tail && left === 0) return end;
      else throw bad();
    }
    return pos;
  };
})();
