/** Sign in without a password: by a link in a mail. */
import { askLink } from "@/state/letters";
import { Ask } from "./ask";

export default function ByMail() {
  return (
    <Ask
      title="Sign in by mail"
      words="You get a mail with a link. It signs you in once, within 15 minutes, and this browser stays signed in for 7 days."
      send={askLink}
      then="Open the link in this browser and you are in; in another one, a button asks first."
    />
  );
}
