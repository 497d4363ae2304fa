// Passkeys, in the JSON that servers speak.
interface Asked {
  publicKey: unknown;
}

interface Parser {
  parseRequestOptionsFromJSON(json: unknown): PublicKeyCredentialRequestOptions;
  parseCreationOptionsFromJSON(json: unknown): PublicKeyCredentialCreationOptions;
}

const parser = globalThis.PublicKeyCredential as unknown as Parser | undefined;

/** Whether this browser, at this address, knows passkeys. */
export const passkeys: boolean = isSecureContext && typeof parser?.parseRequestOptionsFromJSON === 'function';

/** Asks an authenticator to sign what the server asked. */
export async function sign(asked: Asked, how: { signal?: AbortSignal; quietly?: boolean } = {}): Promise<unknown> {
  const credential = await navigator.credentials.get({
    publicKey: parser!.parseRequestOptionsFromJSON(asked.publicKey),
    signal: how.signal,
    mediation: how.quietly ? 'conditional' : undefined,
  });
  return (credential as PublicKeyCredential).toJSON();
}

/** Asks an authenticator to make one. */
export async function make(asked: Asked): Promise<unknown> {
  const credential = await navigator.credentials.create({
    publicKey: parser!.parseCreationOptionsFromJSON(asked.publicKey),
  });
  return (credential as PublicKeyCredential).toJSON();
}
