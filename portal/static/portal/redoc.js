// Redoc loads its logo from another host and has no option to turn that off. Refuse images from
// other origins without a request. React sets the URL both as an attribute and as a property.
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
