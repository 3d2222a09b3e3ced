using Superfactory.Core.Commands;
using Superfactory.Core.Reading;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Model.Views;

namespace Superfactory.Core.Planning;

/// <summary>Decides upon what people take out of service and let in again.</summary>
internal static class OutageDecisions
{
    // The last millisecond of the year 9999.
    private const long TimeMax = 253_402_300_799_999;

    public static Refusal? TakeOut(Draft draft, TakeOut take)
    {
        if (Unknown(draft.State, take.Target) is { } unknown)
        {
            return new Refusal(RefusalKind.NotFound, [unknown]);
        }

        if (Check(draft, take) is { } problem)
        {
            return new Refusal(RefusalKind.Invalid, [problem]);
        }

        if (draft.State.Outages.TryGetValue(take.Target, out var known) && !Supersedes(take.State, known.State))
        {
            return new Refusal(RefusalKind.Conflict, [new Problem(
                $"{Sentence.Capital(take.Target)} is {Sentence.Outage(known.State)} already: {Sentence.Lower(known.Reason)}", Hint: $"Let it in again with 'superfactory return {take.Target}'.")]);
        }

        var reason = string.IsNullOrWhiteSpace(take.Reason) ? Because(take.State) : Sentence.Ended(GangDecisions.Shorten(take.Reason.Trim())!);
        draft.Add(new OutageBegan { At = draft.Now, Target = take.Target, State = take.State, By = take.State == OutageState.Draining ? take.By ?? draft.Now : null, Reason = reason });
        return null;
    }

    public static Refusal? Return(Draft draft, ReturnTarget back)
    {
        if (!draft.State.Outages.ContainsKey(back.Target))
        {
            return new Refusal(RefusalKind.NotFound, [new Problem(
                $"'{back.Target}' is not out of service; {(draft.State.Outages.IsEmpty ? "nothing is" : $"{Sentence.List(draft.State.Outages.Keys)} {(draft.State.Outages.Count == 1 ? "is" : "are")}")}.",
                Field: "target", Hint: NearMatch.Hint(back.Target, draft.State.Outages.Keys))]);
        }

        draft.Add(new TargetReturned { At = draft.Now, Target = back.Target });
        return null;
    }

    /// <summary>Whether there is such a site, floor, row, rack or node.</summary>
    public static bool IsKnown(FactoryState state, string target) => Unknown(state, target) is null;

    /// <summary>What is wrong with the name of a site or the path of something in one; null where there is such a place.</summary>
    public static Problem? Unknown(FactoryState state, string target) =>
        target.Contains('/', StringComparison.Ordinal) ? CheckPlace(state, target)
        : state.Sites.ContainsKey(target) ? null
        : new Problem($"There is no site '{target}'; expected {Sentence.Known(state.Sites.Keys)}.", Field: "target", Hint: NearMatch.Hint(target, state.Sites.Keys));

    /// <summary>What is wrong with the path of a floor, row, rack or node; null where the fleet has it.</summary>
    private static Problem? CheckPlace(FactoryState state, string path)
    {
        var site = path[..path.IndexOf('/', StringComparison.Ordinal)];
        return state.Fleet is null ? new Problem($"No fleet file says what is in sites, so that there is no '{path}'. Expected a site.", Field: "target", Hint: "Apply one with 'superfactory fleet apply'.")
            : !state.Fleet.Sites.ContainsKey(site) ? new Problem($"The fleet has no site '{site}'; expected a place of {Sentence.Or(state.Fleet.Placed.Order(StringComparer.Ordinal))}.", Field: "target", Hint: NearMatch.Hint(site, state.Fleet.Sites.Keys))
            : !state.Fleet.Placed.Contains(site) ? new Problem($"Site '{site}' places its own gangs: who is on which of its racks is its engine's business. Expected the site.", Field: "target")
            : FleetPlaces.Find(state.Fleet, path) is null ? new Problem($"The fleet has no '{path}'; expected a floor, row, rack or node of '{site}' by its path, such as {state.Fleet.Racks.Keys.Where(rack => FleetPlaces.IsUnder(rack, site)).Min(StringComparer.Ordinal)}.", Field: "target")
            : null;
    }

    private static Problem? Check(Draft draft, TakeOut take) =>
        take.State == OutageState.Drained ? new Problem("Expected draining, failed or quarantined: it is drained once nothing runs there.", Field: "state")
        : take.By is not { } by ? null
        : take.State != OutageState.Draining ? new Problem("Only what is drained takes a time by which it is to be.", Field: "by")
        : by is < 0 or > TimeMax ? new Problem("Expected a time from 1970 to 9999.", Field: "by")
        : by < draft.Now ? new Problem($"The time by which it is to be drained has passed, {Sentence.Duration(draft.Now - by)} ago.", Field: "by")
        : null;

    /// <summary>What failed has failed, whatever it was before; a drain may get another time; and what is being drained may turn out not to be trusted.</summary>
    private static bool Supersedes(OutageState next, OutageState known) => next switch
    {
        OutageState.Failed => known != OutageState.Failed,
        OutageState.Quarantined => known is OutageState.Draining or OutageState.Drained,
        _ => known == OutageState.Draining,
    };

    private static string Because(OutageState state) => state switch
    {
        OutageState.Failed => "Somebody said that it failed.",
        OutageState.Quarantined => "Somebody does not trust it.",
        _ => "Somebody drains it.",
    };
}
