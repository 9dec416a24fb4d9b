// The browser's objects that cross the bridge as what they are: the DOM is one, and each world has a wrapper of its own for each of its
// objects. createHalf calls this, in both worlds.
//
// No wrapper crosses. A world obtains its own by giving the other one's to a method of the browser that keeps the object behind it, and
// reading it back: the root of a TreeWalker, the data of a BlobEvent. Both are captured, touch nothing that a page could watch, and run no
// code of a page.
function domBridge(uncurry, getter) {
  'use strict';

  const here = document;
  const createTreeWalker = uncurry(Document.prototype.createTreeWalker);
  const walkerRoot = getter(TreeWalker.prototype, 'root');
  const tagName = getter(Element.prototype, 'tagName');
  const BlobCarrier = BlobEvent;
  const carried = getter(BlobEvent.prototype, 'data');
  const blobType = getter(Blob.prototype, 'type');
  const Frame = globalThis.VideoFrame; // only in secure contexts

  return {
    __proto__: null,
    elementPrototype: Element.prototype,
    blobPrototype: Blob.prototype,
    tagName, // throws for anything but an element
    blobType, // throws for anything but a Blob; unlike its size, a File's type is known without a look at the disk
    wrapElement: (foreign) => walkerRoot(createTreeWalker(here, foreign)),
    framePrototype: Frame?.prototype,
    frameTime: Frame && getter(Frame.prototype, 'timestamp'), // throws for anything but a VideoFrame
    eventPrototype: Event.prototype,
    eventType: getter(Event.prototype, 'type'), // throws for anything but an Event
    cloneFrame: (foreign) => new Frame(foreign), // of the same picture, and to be closed by itself
    wrapBlob: (foreign) => carried(new BlobCarrier('', { __proto__: null, data: foreign })),
  };
}
