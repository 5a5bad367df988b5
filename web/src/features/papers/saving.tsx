/** A button that fetches a file and hands it over; what goes wrong is said. */
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { told } from "@/api/problem";
import { say } from "@/state/notices";
import { Button } from "@/ui/button";

export function Saving({
  save,
  label,
  children,
  className,
  main = false,
}: {
  save: () => Promise<void>;
  /** What it does, where the text alone does not say. */
  label?: string;
  children: ReactNode;
  className?: string;
  main?: boolean;
}) {
  const saving = useMutation({
    mutationFn: save,
    retry: false,
    onError: (error) => say("wrong", `No file: ${told(error).wrong}`, told(error).right),
  });
  return (
    <Button
      size={main ? "medium" : "small"}
      kind={main ? "main" : "plain"}
      className={className ?? "max-lg:min-h-11"}
      aria-label={label}
      busy={saving.isPending}
      onClick={() => saving.mutate()}
    >
      {children}
    </Button>
  );
}
