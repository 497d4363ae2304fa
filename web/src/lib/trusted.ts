// Under the policy of the page a text is no HTML and no address of a script, unless this
// says so. Only what the server cleaned, and our own worker, pass here.
interface Policy {
  createHTML(html: string): string;
  createScriptURL(url: string): string;
}

type Factory = { createPolicy(name: string, rules: Policy): Policy };
const plain: Policy = { createHTML: (html) => html, createScriptURL: (url) => url };
const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;

export const trusted: Policy = factory ? factory.createPolicy('tocsin', plain) : plain;
