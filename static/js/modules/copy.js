// Buttons that copy a text; without scripts, or where the clipboard is closed, they are not there.

const said = document.querySelector("[data-copied]");

for (const button of navigator.clipboard ? document.querySelectorAll("button[data-copy]") : []) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    said.textContent = "";
    requestAnimationFrame(() => { said.textContent = said.dataset.copied; });
    button.querySelector("span").textContent = said.dataset.copied;
  });
}
