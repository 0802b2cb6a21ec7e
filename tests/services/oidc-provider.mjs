// A real OpenID provider on loopback for tests: two people, a page to choose one, consent given without asking.
import http from 'node:http';
import Provider from 'oidc-provider';

const { PORT, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI } = process.env;
const issuer = `http://localhost:${PORT}`;

const people = {
  'amira-1001': { name: 'Amira Haddad', given_name: 'Amira', family_name: 'Haddad', email: 'amira.haddad@company.example', email_verified: true },
  'jonas-1002': { name: 'Jonas Lind', given_name: 'Jonas', family_name: 'Lind', email: 'jonas.lind@company.example', email_verified: true },
};

const provider = new Provider(issuer, {
  clients: [{
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
  }],
  claims: { openid: ['sub', 'auth_time'], profile: ['name', 'given_name', 'family_name'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false,
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true, methods: ['S256'] },
  cookies: { keys: ['only-for-tests'] },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (ctx, id) => (people[id] ? { accountId: id, claims: () => ({ sub: id, ...people[id] }) } : undefined),
});

const page = (uid) => `<!doctype html><html lang="en"><title>Company sign-in</title><link rel="icon" href="data:,"><h1>Company sign-in</h1>${
  Object.entries(people).map(([id, person]) =>
    `<form method="post" action="/interaction/${uid}/login"><input type="hidden" name="account" value="${id}"><button>${person.name}</button></form>`).join('')
}</html>`;

async function interact(request, response) {
  const { uid, prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  if (request.method === 'POST') {
    let body = '';
    for await (const chunk of request) body += chunk;
    const accountId = new URLSearchParams(body).get('account');
    return provider.interactionFinished(request, response, { login: { accountId, remember: false } }, { mergeWithLastSubmission: false });
  }
  if (prompt.name === 'login') {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    return response.end(page(uid));
  }
  const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const { missingOIDCScope, missingOIDCClaims } = prompt.details;
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(' '));
  if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims);
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
}

const handle = provider.callback();
http.createServer((request, response) => {
  if (!request.url.startsWith('/interaction/')) return handle(request, response);
  return interact(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error));
  });
}).listen(Number(PORT), '127.0.0.1', () => console.log(`ready ${issuer}`));
