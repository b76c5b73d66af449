// What plugins print: a result on success, an error object on failure, their versions when asked.
import { z } from 'zod';

const resultSchema = z.looseObject({
  interfaces: z.array(z.looseObject({ name: z.string(), sandbox: z.string().optional() })).nullish(),
  ips: z.array(z.looseObject({ address: z.string(), interface: z.number().int().nullish() })).nullish(),
});

const errorSchema = z.looseObject({
  code: z.number(),
  msg: z.string(),
  details: z.string().optional(),
});

const versionSchema = z.looseObject({ supportedVersions: z.array(z.string()) });

/** The result of ADD; handed to the next plugin as it is. @see CNI spec 1.1, section 5 */
export type PluginResult = z.infer<typeof resultSchema>;
export type PluginError = z.infer<typeof errorSchema>;

function parse<T>(schema: z.ZodType<T>, text: string): T | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = schema.safeParse(json);
  return parsed.success ? parsed.data : undefined;
}

/** The result in `text`, or undefined when it holds none. */
export function parseResult(text: string): PluginResult | undefined {
  return parse(resultSchema, text);
}

/** The error object in `text`, or undefined when it holds none. */
export function parsePluginError(text: string): PluginError | undefined {
  return parse(errorSchema, text);
}

/** The versions in a VERSION reply, or undefined when it holds none. */
export function parseVersions(text: string): readonly string[] | undefined {
  return parse(versionSchema, text)?.supportedVersions;
}

/** The pod's own addresses without prefix length, in the order of the result; host-side ones are left out. */
export function podAddresses({ ips, interfaces }: PluginResult): string[] {
  const own = (ips ?? []).filter(({ interface: index }) => {
    if (index === undefined || index === null) return true;
    return (interfaces?.[index]?.sandbox ?? '') !== '';
  });
  return [...new Set(own.map(({ address }) => address.replace(/\/.*$/, '')))];
}
