/** Whether two types are the same, not only assignable to each other. */
export type Equal<One, Other> =
  (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;

/** Fails to compile for a type that is not true. */
export const is = <_ extends true>(): void => {};
