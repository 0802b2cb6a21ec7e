"use strict";

// Starts Swagger UI. What its own page has inline stands here, so that the page keeps the policy of all others.
(() => {
  const root = document.getElementById("swagger-ui");
  SwaggerUIBundle({
    url: root.dataset.schema,
    domNode: root,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    // Title and description stand on the page already; two first headings would confuse.
    plugins: [() => ({ wrapComponents: { InfoContainer: () => () => null } })],
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    // The schema is asked of nobody else for validation, and a token is kept nowhere.
    validatorUrl: null,
    persistAuthorization: false,
    requestInterceptor: (request) => {
      const here = new URL(request.url, document.baseURI).origin === location.origin;
      if (here && !["GET", undefined].includes(request.method)) {
        request.headers["X-CSRFToken"] = root.dataset.csrf;
      }
      return request;
    },
  });
})();
