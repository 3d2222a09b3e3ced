using System.Collections.Immutable;
using Superfactory.Core.Commands;
using Superfactory.Core.Reading;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Model.Copies;

namespace Superfactory.Core.Planning;

/// <summary>Decides upon copies: what people ask for, and what sites say of their parts.</summary>
internal static class CopyDecisions
{
    public static Refusal? Request(Draft draft, RequestCopy request)
    {
        var problems = Check(draft.State, request.Source, "source").AddRange(Check(draft.State, request.Destination, "destination"));
        if (problems.IsEmpty && request.Source == request.Destination)
        {
            problems = [new Problem($"Source and destination are the same, {request.Source}.", Field: "destination")];
        }

        if (!problems.IsEmpty)
        {
            return new Refusal(RefusalKind.Invalid, problems);
        }

        if (CopyReader.Find(draft.State, request.Source, request.Destination) is { End: null })
        {
            return null;
        }

        if (draft.State.OpenCopies.Count >= FactoryLimits.OpenCopiesMax)
        {
            return new Refusal(RefusalKind.Conflict, [new Problem(
                $"{FactoryLimits.OpenCopiesMax} copies have not ended, and the control plane takes no more.", Hint: "Cancel some, or wait.")]);
        }

        draft.Add(new CopyRequested { At = draft.Now, Copy = draft.State.LastCopy + 1, Source = request.Source, Destination = request.Destination });
        return null;
    }

    public static Refusal? Cancel(Draft draft, CancelCopy cancel)
    {
        if (!draft.State.Copies.TryGetValue(cancel.Copy, out var copy))
        {
            return new Refusal(RefusalKind.NotFound, [new Problem($"There is no copy {cancel.Copy}.")]);
        }

        if (copy.End is { } end)
        {
            return new Refusal(RefusalKind.Conflict, [new Problem($"Copy {cancel.Copy} has already ended: it {Ended(end.State)}.")]);
        }

        End(draft, copy, CopyState.Cancelled, "It was cancelled. What arrived is kept for the next copy of the same.", progress: null);
        return null;
    }

    /// <summary>Takes what a site says of the copies that it has a part in. The last that the destination said goes into the record.</summary>
    public static void Report(Draft draft, string site, ImmutableArray<CopyReport> reports)
    {
        foreach (var report in reports.OrderBy(report => report.Copy).ThenBy(report => report.Role))
        {
            if (!draft.State.Copies.TryGetValue(report.Copy, out var copy) || copy.End is not null || !IsPart(copy, site, report.Role))
            {
                continue;
            }

            if (report.Phase == CopyPhase.Failed)
            {
                End(draft, copy, CopyState.Failed, GangDecisions.Shorten(report.Reason) ?? $"Site {site} could not go on and gave no reason.", report.Progress);
            }
            else if (report is { Phase: CopyPhase.Completed, Role: CopyRole.Destination })
            {
                End(draft, copy, CopyState.Completed, GangDecisions.Shorten(report.Reason) ?? "Everything is in place and verified.", report.Progress);
            }
        }
    }

    private static bool IsPart(FactoryCopy copy, string site, CopyRole role)
        => string.Equals(role == CopyRole.Source ? copy.Source.Site : copy.Destination.Site, site, StringComparison.Ordinal);

    private static void End(Draft draft, FactoryCopy copy, CopyState state, string reason, CopyProgress? progress)
        => draft.Add(new CopyEnded { At = draft.Now, Copy = copy.Id, State = state, Reason = reason, Progress = progress });

    private static string Ended(CopyState state) => state switch
    {
        CopyState.Completed => "completed",
        CopyState.Failed => "failed",
        _ => "was cancelled",
    };

    private static ImmutableArray<Problem> Check(FactoryState state, CopyPlace place, string field)
    {
        if (place.Check(field) is { } problem)
        {
            return [problem];
        }

        return state.Sites.ContainsKey(place.Site) ? [] : [new Problem(
            $"There is no site '{place.Site}'; expected {Sentence.Known(state.Sites.Keys)}.",
            Field: field,
            Hint: NearMatch.Find(place.Site, state.Sites.Keys) is { } near ? $"Did you mean '{near}:{place.Path}'?" : null)];
    }
}
