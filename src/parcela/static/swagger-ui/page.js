// Opens the viewer on the document that the address names, else on the first one.
const first = document.querySelector(".page-head a").getAttribute("href");
const name = new URLSearchParams(window.location.search).get("api");
const url = name !== null && /^[a-z]+$/.test(name) ? `/openapi/${name}.json` : first;

window.SwaggerUIBundle({
  url,
  dom_id: "#viewer",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  supportedSubmitMethods: [],
  validatorUrl: null,
  syntaxHighlight: false,
});
