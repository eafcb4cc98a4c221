// A real OpenID Connect provider on loopback: `node provider.mjs SETTINGS.json`, with the paths of key and cert, and the clients.
// It prints its address when it listens, then one line for each request. Anybody who gives a name is let in.

import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { Provider } from 'oidc-provider'

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'test', use: 'sig', alg: 'RS256' }

const configuration = {
  clients: settings.clients,
  jwks: { keys: [jwk] },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  scopes: ['openid', 'offline_access'],
  claims: { openid: ['sub', 'email', 'email_verified', 'groups', 'serial'] },
  conformIdTokenClaims: false,
  findAccount: (_, accountId) => ({
    accountId,
    claims: () => ({
      sub: accountId,
      email: `${accountId}@example.com`,
      email_verified: true,
      groups: ['team-a'],
      serial: randomUUID(), // or two tokens of one second would be the same
    }),
  }),
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/login/${interaction.uid}` },
  // An old refresh token that comes again ends the whole sign-in.
  rotateRefreshToken: true,
  // A token of the sign-in is as good as expired at once, so that no test waits; a renewed one lasts.
  ttl: { IdToken: (context) => (context.oidc.params.grant_type === 'refresh_token' ? 3600 : 5) },
}

async function login(provider, request, response) {
  if (request.method === 'GET') return response.end('<form method="post"><input name="login"></form>')
  let form = ''
  for await (const chunk of request) form += chunk
  const { prompt, params, session } = await provider.interactionDetails(request, response)
  if (prompt.name === 'login') {
    const accountId = new URLSearchParams(form).get('login')
    return provider.interactionFinished(request, response, { login: { accountId } })
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id })
  grant.addOIDCScope(params.scope)
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } })
}

const server = createServer({ key: readFileSync(settings.key), cert: readFileSync(settings.cert) })
server.listen(0, '127.0.0.1', () => {
  const issuer = `https://127.0.0.1:${server.address().port}`
  const provider = new Provider(issuer, configuration)
  provider.use(async (context, next) => {
    await next()
    console.log(`${context.method} ${context.path} ${context.status}`)
  })
  const others = provider.callback()
  server.on('request', (request, response) =>
    request.url.startsWith('/login/') ? login(provider, request, response) : others(request, response))
  console.log(issuer)
})
