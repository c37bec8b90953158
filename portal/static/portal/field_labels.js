// Labels for fields that unfold leaves without one: fields in tables, which only have a column
// heading, and the elements that Select2 shows instead of a field.
(() => {
  "use strict";

  const FIELDS = "td :is(input:not([type=hidden], [type=checkbox]), select, textarea)";

  function nameOf(field) {
    const label = field.labels?.[0];
    if (label) return label.textContent.trim();
    const cell = field.closest("td");
    return cell?.closest("table").tHead?.rows[0]?.cells[cell.cellIndex]?.textContent.trim();
  }

  function nameFields() {
    for (const field of document.querySelectorAll(FIELDS)) {
      const name = nameOf(field);
      if (name && !field.labels?.length) field.setAttribute("aria-label", name);
    }
    for (const field of document.querySelectorAll("select.select2-hidden-accessible")) {
      const shown = field.nextElementSibling?.querySelector(".select2-selection");
      const name = field.getAttribute("aria-label") ?? nameOf(field);
      if (!shown || !name) continue;
      shown.removeAttribute("aria-labelledby");
      for (const part of [shown, ...shown.querySelectorAll("[role=textbox]")]) {
        part.setAttribute("aria-label", name);
      }
    }
  }

  window.addEventListener("load", () => setTimeout(nameFields));
  document.addEventListener("formset:added", () => setTimeout(nameFields));
})();
