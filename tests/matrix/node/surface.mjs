// The calls that the version has, so that the tests can tell whether all of them were made.
import { surface, tell } from "./sdk.mjs";

tell(surface());
