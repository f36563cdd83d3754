// Runs before the page's own scripts: writes down every state of the thread that the page has shown.
(() => {
  const shown = (globalThis.shownStates = []);
  let last = "";
  const look = () => {
    const log = document.querySelector("[role=log]");
    if (!log) return;
    const messages = [...log.querySelectorAll("[data-message-id]")].map((message) => [
      message.dataset.messageId,
      message.textContent,
    ]);
    const state = JSON.stringify(messages);
    if (state === last) return;
    last = state;
    shown.push({ at: performance.timeOrigin + performance.now(), messages });
  };
  new MutationObserver(look).observe(document, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
    attributeFilter: ["data-message-id"],
  });
})();
