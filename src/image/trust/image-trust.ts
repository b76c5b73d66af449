// Decides whether an image may be used: when it is pulled, by its signatures; when a container is made, by what was
// proven then.
import { DaemonError } from '../../errors.ts';
import type { ImageRecord, Verification } from '../image-record.ts';
import { parseReference, repositoryOf } from '../reference.ts';
import { fetchSignatures, type SignatureSource } from './fetch-signatures.ts';
import { ruleFor, type ContentPolicy, type Rule } from './policy.ts';
import { judge, type SignedImage } from './simple-signing.ts';

/** The kubelet shows this prefix as the reason why a pod waits. @see cri-api pkg/errors/errors.go */
const PREFIX = 'SignatureValidationFailed: ';

function refused(what: string, why: string): DaemonError {
  return new DaemonError('permission-denied', `${PREFIX}${what} ${why}`);
}

function nameOf({ scope }: Rule): string {
  return scope === '' ? 'images.policy.default' : `images.policy.scopes."${scope}"`;
}

/** Applies one content policy. */
export class ImageTrust {
  readonly #policy: ContentPolicy;

  constructor(policy: ContentPolicy) {
    this.#policy = policy;
  }

  /**
   * Whether an image may be pulled, and what was proven of it: nothing when nothing is asked.
   * @param what the image in messages, quoted
   * @throws permission-denied, beginning with `SignatureValidationFailed`; what the registry says
   */
  async admit(
    image: SignedImage,
    what: string,
    source: SignatureSource,
    signal: AbortSignal,
  ): Promise<readonly Verification[]> {
    const rule = ruleFor(this.#policy, image.repository);
    const { requirement } = rule;
    if (requirement.kind === 'accept') return [];
    if (requirement.kind === 'reject') throw refused(what, `is refused by ${nameOf(rule)}`);
    const reasons: string[] = [];
    for (const digest of new Set(image.digests)) {
      for (const signature of await fetchSignatures(source, digest, signal)) {
        const verdict = judge(signature, image, requirement.keys);
        if (verdict.ok) return [{ repository: image.repository, digest: verdict.digest, key: verdict.key }];
        reasons.push(verdict.why);
      }
    }
    const why = reasons.length === 0 ? 'has no signature' : `has no valid signature: ${reasons.join('; ')}`;
    throw refused(what, `${why} (${nameOf(rule)} asks for one)`);
  }

  /**
   * Whether a container may be made from an image that is here. Touches memory only.
   *
   * With a name, the rule of that name's repository counts. With an id alone, the image must satisfy the rule of one of
   * the repositories it came from.
   * @param reference what the pod's author wrote, if known
   * @throws permission-denied, beginning with `SignatureValidationFailed`
   */
  require(image: ImageRecord, reference: string): void {
    const rules = repositoriesOf(image, reference).map((repository) => ({
      repository,
      rule: ruleFor(this.#policy, repository),
    }));
    // An image without any name was imported so; the default speaks for it.
    if (rules.length === 0) rules.push({ repository: '', rule: { scope: '', requirement: this.#policy.fallback } });
    if (rules.some(({ repository, rule }) => this.#satisfies(image, repository, rule))) return;
    const [first] = rules;
    if (first === undefined) return;
    const { rule, repository } = first;
    const what = `image "${reference === '' ? image.id : reference}"`;
    if (rule.requirement.kind === 'reject') throw refused(what, `is refused by ${nameOf(rule)}`);
    const why = `was never proven to be signed for "${repository}" with a key of ${nameOf(rule)}; pull it again`;
    throw refused(what, why);
  }

  #satisfies(image: ImageRecord, repository: string, { requirement }: Rule): boolean {
    if (requirement.kind !== 'signed') return requirement.kind === 'accept';
    const keys = new Set(requirement.keys.map(({ id }) => id));
    return image.verifications.some((proof) => proof.repository === repository && keys.has(proof.key));
  }
}

function repositoriesOf(image: ImageRecord, reference: string): readonly string[] {
  const own = [...new Set([...image.repoTags, ...image.repoDigests].map((name) => repositoryOf(parseReference(name))))];
  let named: string;
  try {
    named = repositoryOf(parseReference(reference));
  } catch {
    // An id or nothing: whoever gave it saw the image under one of its names.
    return own;
  }
  return own.includes(named) ? [named] : own;
}
