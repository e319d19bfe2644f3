// For sites that embed a capture form; the form works without it. It makes the frame as high as the form, tells the form
// which page and campaign link brought the visitor, and goes on to the page that the form names once it was sent.
(() => {
  const PARAMETERS = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"];

  function frameOf(event) {
    return [...document.querySelectorAll("iframe[data-alignment-form]")].find((frame) => (
      frame.contentWindow === event.source && new URL(frame.src).origin === event.origin
    ));
  }

  function origin() {
    const given = new URLSearchParams(window.location.search);
    const utm = PARAMETERS.filter((name) => given.has(name)).map((name) => [name, given.get(name)]);
    const here = window.location.origin + window.location.pathname;
    return { ...Object.fromEntries(utm), landing_page: here, referrer: document.referrer };
  }

  window.addEventListener("message", (event) => {
    const told = event.data?.alignmentForm;
    const frame = told && frameOf(event);
    if (!frame) return;
    if (Number.isFinite(told.height)) frame.style.height = `${Math.min(Math.max(told.height, 100), 10000)}px`;
    if (told.ready) event.source.postMessage({ alignmentOrigin: origin() }, event.origin);
    if (typeof told.goOn === "string" && told.goOn.startsWith("https://")) window.location.assign(told.goOn);
  });
})();
