// Starts Swagger UI on the contract.
"use strict";

async function start() {
  const answer = await fetch("../openapi.json");
  if (!answer.ok) {
    throw new Error(`the contract: ${answer.status}`);
  }
  const contract = await answer.json();
  // The API may stand behind a stage, as in /live/api/docs/: only the page's own address tells.
  const api = new URL("../..", location.href).href.replace(/\/$/, "");
  contract.servers = [{ url: api }];

  SwaggerUIBundle({
    spec: contract,
    dom_id: "#docs",
    deepLinking: true,
    tryItOutEnabled: true,
    displayRequestDuration: true,
    showExtensions: true,
    defaultModelsExpandDepth: 0,
    persistAuthorization: false,
    validatorUrl: null,
  });
}

start().catch((error) => {
  document.getElementById("docs").textContent = `This page could not be made: ${error.message}`;
});
