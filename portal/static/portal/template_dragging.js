// Additions to the list of templates: dragging, and filling in a resource.
(() => {
  "use strict";

  let dragged = null;

  function overTemplate(event) {
    return dragged && event.target.closest?.("[data-template]");
  }

  document.addEventListener("dragstart", (event) => {
    if (!event.target.matches?.(".grip")) return;
    dragged = event.target.closest("[data-template]");
    dragged.classList.add("dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setDragImage(dragged, 0, 0);
  });

  document.addEventListener("dragover", (event) => {
    const over = overTemplate(event);
    if (!over) return;
    event.preventDefault();
    if (over === dragged) return;
    const box = over.getBoundingClientRect();
    const isAbove = event.clientY < box.top + box.height / 2;
    over[isAbove ? "before" : "after"](dragged);
  });

  document.addEventListener("drop", (event) => {
    if (overTemplate(event)) event.preventDefault();
  });

  // The order on the page is the order of the list; the server only numbers it again.
  document.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove("dragged");
    dragged = null;
    htmx.trigger("#reorder", "reordered");
  });

  document.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-fill]");
    if (!choice) return;
    const field = document.getElementById(choice.dataset.fill);
    field.value = choice.dataset.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
})();
