export const digest = `sha256:${"ab".repeat(32)}`;

/** Every field of a manifest, as DOMAIN describes it. */
export const whole = `apiVersion: agentfactory.dev/v1
kind: AgentTemplate
metadata:
  name: invoice-triage
  title: Invoice triage
  description: Reads an invoice and files it.
  owner: team-finance
  labels: { domain: finance, data-class: internal }
spec:
  driver: node
  code: { archive: ${digest}, entry: default }
  model: { provider: openai-compatible, endpoint: default, name: gemma-3-270m, temperature: 0, maxOutputTokens: 512 }
  prompt: { system: "Answer in {{ locale }}", variables: { locale: { type: string, default: fr } } }
  tools:
    - { name: fetch-invoice, mcp: { server: invoices, allow: [get_invoice] } }
    - { name: convert, plugin: { archive: ${digest}, permissions: { network: [], filesystem: none } } }
  input: { type: object }
  output: { type: object }
  state: { version: 2, schema: { type: object }, migrations: { "1->2": [] } }
  capabilities: [ocr, fr]
  resources: { cpu: 500m, memory: 256Mi, gpu: { count: 0, memory: 0 }, isolation: shared }
  limits: { timeout: 30s, maxAttempts: 3, maxTokens: 20000, maxCost: 0.05 EUR, concurrency: 20 }
  sandbox: { network: { egress: [api.example.com] }, filesystem: read-only, syscalls: default }
  slo: { availability: 99.5, latencyP95: 2s, window: 30d }
  warm: { min: 1, max: 8 }
  secrets: [ { name: INVOICE_KEY, from: "vault:kv/finance/invoices#key" } ]
`;
