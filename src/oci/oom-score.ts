// The OOM score of a container, kept within what the daemon is allowed to set.

export interface OomScoreFacts {
  readonly ownOomScoreAdj: number;
  /** The daemon holds CAP_SYS_RESOURCE. Without it the kernel refuses scores below the daemon's own. */
  readonly canLowerOomScore: boolean;
}

export interface OomScore {
  readonly value: number;
  /** The wish could not be met; worth a warning in the log. */
  readonly clamped: boolean;
}

/** Clamps a wanted score to -1000..1000 and to what the daemon may set. */
export function clampOomScore(wanted: number, { ownOomScoreAdj, canLowerOomScore }: OomScoreFacts): OomScore {
  const lowest = canLowerOomScore ? -1000 : ownOomScoreAdj;
  const value = Math.min(1000, Math.max(lowest, wanted));
  return { value, clamped: value !== wanted };
}
