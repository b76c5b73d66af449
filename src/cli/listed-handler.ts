// A runtime handler as the command line shows it.
import type { Handler } from '../gen/crisol/v1/Handler.ts';
import type { HandlerFeature } from '../gen/crisol/v1/HandlerFeature.ts';

/** The fields of the daemon's message, also when there is no daemon. */
export type ListedHandler = Readonly<Omit<Handler, 'features'>> & { readonly features: readonly HandlerFeature[] };
