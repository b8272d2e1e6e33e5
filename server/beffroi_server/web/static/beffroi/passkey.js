// Passkeys: hands the challenge of the page to the browser, and its answer to the form. Without it, codes work.
const form = document.querySelector("[data-passkey]");
if (form && window.PublicKeyCredential && window.webauthnJSON) {
  const problem = form.querySelector("[data-passkey-problem]");
  const button = form.querySelector("[data-passkey-button]");
  const options = () => JSON.parse(document.getElementById("passkey-options").textContent);
  const challenges = {
    create: async () => window.webauthnJSON.create(options()),
    get: async () => window.webauthnJSON.get(options()),
    discover: async () => {
      const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
      return window.webauthnJSON.get((await answer.json()).request_options);
    },
  };
  const ask = async () => {
    problem.hidden = true;
    try {
      form.elements.answer.value = JSON.stringify(await challenges[form.dataset.passkey]());
    } catch {
      // Refused, timed out, or no passkey of this server.
      problem.hidden = false;
      return;
    }
    form.submit();
  };
  if (button) {
    button.hidden = false;
    button.addEventListener("click", ask);
  } else {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask();
    });
  }
}
