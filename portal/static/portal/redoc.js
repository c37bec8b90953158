// Redoc shows its maker's logo from its maker's host, and has no option against it: to an image that
// is not ours this says that it cannot be loaded, before anybody is asked for it. React sets the
// address twice, as an attribute and as a property.
(() => {
  const image = HTMLImageElement.prototype;
  const source = Object.getOwnPropertyDescriptor(image, "src");
  const isOurs = (address) => new URL(address, location.href).origin === location.origin;

  image.setAttribute = function (name, value) {
    if (name !== "src" || isOurs(value)) Element.prototype.setAttribute.call(this, name, value);
  };
  Object.defineProperty(image, "src", {
    ...source,
    set(address) {
      if (isOurs(address)) source.set.call(this, address);
      else this.dispatchEvent(new Event("error"));
    },
  });
})();
