/** Add a user, who chooses a password by a link that is handed to them. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { told } from "@/api/problem";
import { moment } from "@/lib/format";
import { Button } from "@/ui/button";
import { Copy } from "@/ui/copy";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { Notice } from "@/ui/notice";
import { Select } from "@/ui/select";
import { add, again, linkFor, type Role, type User } from "./asked";

const ROLES = [
  { value: "user", label: "User" },
  { value: "instructor", label: "Instructor" },
  { value: "admin", label: "Admin" },
] as const;
const FORM = "add-user";

export function AddUser() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button className="max-sm:min-h-11" onClick={() => setOpen(true)}>
        Add a user
      </Button>
      {open && <Adding onDone={() => setOpen(false)} />}
    </>
  );
}

function Adding({ onDone }: { onDone: () => void }) {
  const [role, setRole] = useState<Role>("user");
  const adding = useMutation({
    mutationFn: (said: FormData) =>
      add({
        name: String(said.get("name")).trim(),
        email: String(said.get("email")).trim(),
        role,
      }),
    retry: false,
    onSuccess: () => again(),
  });
  if (adding.data) {
    return (
      <Dialog
        open
        onClose={onDone}
        title={`${adding.data.user.name} is added`}
        foot={<Button onClick={onDone}>Done</Button>}
      >
        <Link link={adding.data.link} />
      </Dialog>
    );
  }
  const failed = adding.error ? told(adding.error) : null;
  const wrong = (name: string) =>
    failed?.field === name ? `${failed.wrong} ${failed.right}` : null;
  return (
    <Dialog
      open
      onClose={onDone}
      title="Add a user"
      foot={
        <>
          <Button onClick={onDone}>Leave it</Button>
          <Button type="submit" form={FORM} kind="main" busy={adding.isPending}>
            Add
          </Button>
        </>
      }
    >
      <form
        id={FORM}
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (!adding.isPending) adding.mutate(new FormData(event.currentTarget));
        }}
      >
        <Field
          label="Name"
          name="name"
          autoComplete="off"
          maxLength={100}
          required
          autoFocus
          wrong={wrong("name")}
        />
        <Field
          label="E-mail"
          name="email"
          type="email"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          required
          wrong={wrong("email")}
        />
        <Select label="Role" options={ROLES} value={role} onChange={setRole} />
        {failed && !["name", "email"].includes(failed.field ?? "") && (
          <Notice kind="wrong" title={failed.wrong}>
            {failed.right}
          </Notice>
        )}
      </form>
    </Dialog>
  );
}

/** A link for a user who lost the password. */
export function NewLink({ user }: { user: User }) {
  const making = useMutation({ mutationFn: () => linkFor(user.id), retry: false });
  const done = () => making.reset();
  return (
    <>
      <Button className="max-sm:min-h-11" busy={making.isPending} onClick={() => making.mutate()}>
        Link for a new password
      </Button>
      {making.data && (
        <Dialog
          open
          onClose={done}
          title={`A new password for ${user.name}`}
          foot={<Button onClick={done}>Done</Button>}
        >
          <Link link={making.data} />
        </Dialog>
      )}
      {making.error && (
        <Notice kind="wrong" className="mt-3" title={told(making.error).wrong}>
          {told(making.error).right}
        </Notice>
      )}
    </>
  );
}

function Link({ link }: { link: { url: string; expires_at: string } }) {
  return (
    <>
      <p className="mb-4 text-soft">
        Hand them this link by a way you trust: whoever opens it chooses the password. It works
        once, until {moment(link.expires_at)}, and is not shown again.
      </p>
      <Copy label="Link" value={link.url} />
    </>
  );
}
