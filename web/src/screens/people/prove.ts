// Who changes how they sign in proves once more who they are: by the password, or by a
// passkey that they have.
import { call } from '../../lib/api';
import { sign } from '../../lib/passkey';

export type Proof = { password: string } | { passkey: unknown };

export async function byPasskey(): Promise<Proof> {
  return { passkey: await sign(await call<{ publicKey: unknown }>('POST', '/api/v1/passkeys/challenge', {})) };
}
