// Additions to htmx. Pages work without them.
(() => {
  "use strict";

  // Pages show times in UTC. Show local time, and keep UTC as the tooltip.
  function localTimes(root) {
    for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      time.textContent = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
      time.dataset.local = "";
    }
  }

  // Screen readers announce changes of an existing live region, not of a swapped-in one.
  function announce(part) {
    const region = document.getElementById("announcement");
    const text = part.querySelector("[data-announce]")?.textContent.trim();
    if (region && text && region.textContent !== text) region.textContent = text;
  }

  async function copy(button) {
    const icon = button.querySelector(".material-symbols-outlined");
    await navigator.clipboard.writeText(button.dataset.copy);
    icon.textContent = "check";
    setTimeout(() => { icon.textContent = "content_copy"; }, 1500);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
  document.addEventListener("DOMContentLoaded", () => localTimes(document));
  document.addEventListener("htmx:afterSwap", (event) => {
    localTimes(event.target);
    announce(event.target);
  });
  document.addEventListener("htmx:afterSettle", (event) => localTimes(event.target));
  // After the session has ended, load the sign-in page instead of swapping it into this page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!new URL(event.detail.xhr.responseURL).pathname.endsWith("/login/")) return;
    event.detail.shouldSwap = false;
    window.location.reload();
  });
})();
