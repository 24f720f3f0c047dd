/** Minutes after the first, second, … failure in a row. Source: spec "EU tax management". */
const MINUTES = [5, 5, 10, 20, 40] as const;

export function retryMinutes(failures: number): number {
  return MINUTES[failures - 1] ?? 60;
}
