// What pages do beyond htmx. Everything here is an addition: without it, pages still work.
(() => {
  "use strict";

  // Times are written in UTC; a browser knows what that is here. UTC stays as the title.
  function localTimes(root) {
    for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      time.textContent = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
      time.dataset.local = "";
    }
  }

  // A screen reader speaks what changes in a region that stays; what is swapped in is none.
  function speak(part) {
    const region = document.getElementById("spoken");
    const news = part.querySelector("[data-spoken]")?.textContent.trim();
    if (region && news && region.textContent !== news) region.textContent = news;
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
    speak(event.target);
  });
  document.addEventListener("htmx:afterSettle", (event) => localTimes(event.target));
  // Whoever was signed out meanwhile is led to the sign-in page, and not shown it in a part of this.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!new URL(event.detail.xhr.responseURL).pathname.endsWith("/login/")) return;
    event.detail.shouldSwap = false;
    window.location.reload();
  });
})();
