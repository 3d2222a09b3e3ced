using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Core.Commands;
using Superfactory.Core.Reading;
using Superfactory.Core.Records;
using Superfactory.Model;
using Superfactory.Model.Fleet;
using Superfactory.Model.Views;
using Superfactory.Scheduling;
using Superfactory.Scheduling.Quotas;

namespace Superfactory.Core.Planning;

/// <summary>Decides upon what people reserve of the fleet for a time, and take back.</summary>
internal static class WindowDecisions
{
    // The last millisecond of the year 9999.
    private const long TimeMax = 253_402_300_799_999;

    public static Refusal? Reserve(Draft draft, ReserveWindow reserve)
    {
        if (draft.State.Windows.TryGetValue(reserve.Name, out var same))
        {
            return Conflict($"There is a reservation '{reserve.Name}' already: {WindowRules.What(same)} {WindowRules.ForWhom(same)}.", $"Take it back with 'superfactory fleet unreserve {reserve.Name}'.");
        }

        if (draft.State.Windows.Count >= FactoryLimits.WindowsMax)
        {
            return Conflict($"There are {FactoryLimits.WindowsMax} reservations, the most that there may be.", "Take one back with 'superfactory fleet unreserve NAME'.");
        }

        if ((reserve.Target is { } target ? OutageDecisions.Unknown(draft.State, target) : null) is { } nowhere)
        {
            return new Refusal(RefusalKind.NotFound, [nowhere]);
        }

        if ((Shape(reserve) ?? Whose(draft.State, reserve) ?? Time(reserve, draft.Now, out _, out _)) is { } problem)
        {
            return new Refusal(RefusalKind.Invalid, [problem]);
        }

        _ = Time(reserve, draft.Now, out var from, out var until);
        var reserved = new WindowReserved
        {
            At = draft.Now, Name = reserve.Name, Number = draft.State.LastWindow + 1, From = from, Until = until, Target = reserve.Target, Accelerators = reserve.Accelerators, Hardware = reserve.Hardware,
            Queue = reserve.Queue, Job = reserve.Job ?? 0, Reason = string.IsNullOrWhiteSpace(reserve.Reason) ? null : Sentence.Ended(GangDecisions.Shorten(reserve.Reason.Trim())!),
        };
        var next = Factory.Apply(draft.State, reserved);
        if ((Overlap(next, next.Windows[reserve.Name]) ?? Room(next, next.Windows[reserve.Name])) is { } refusal)
        {
            return refusal;
        }

        draft.Add(reserved);
        return null;
    }

    public static Refusal? Cancel(Draft draft, CancelWindow cancel)
    {
        if (!draft.State.Windows.TryGetValue(cancel.Name, out var window))
        {
            var known = draft.State.Windows.Keys;
            return new Refusal(RefusalKind.NotFound, [new Problem(
                $"There is no reservation '{cancel.Name}'; {(draft.State.Windows.IsEmpty ? "nothing is reserved" : $"expected {Sentence.Or(known)}")}.", Field: "name", Hint: NearMatch.Hint(cancel.Name, known))]);
        }

        WindowPlanner.End(draft, window, "Somebody took it back.");
        return null;
    }

    /// <summary>What is wrong with what it asks for; null where nothing is.</summary>
    private static Problem? Shape(ReserveWindow reserve) =>
        !FactoryName.IsValid(reserve.Name) ? new Problem($"'{reserve.Name}' is no name: expected {FactoryName.Expected}.", Field: "name")
        : reserve is { Queue: not null, Job: not null } ? new Problem("A reservation is for a queue or for a job, not for both.", Field: "job")
        : reserve.Accelerators is < 0 or > FleetSpecification.AcceleratorsMax ? new Problem($"Expected 1 to {FleetSpecification.AcceleratorsMax} accelerators, but found {reserve.Accelerators}.", Field: "accelerators")
        : reserve is { Queue: null, Job: null, Accelerators: > 0 } or { Queue: null, Job: null, Hardware: not null } ? new Problem(
            "What nobody may use is for maintenance, and that is of all that is at its target.", Field: reserve.Accelerators > 0 ? "accelerators" : "hardware", Hint: "Say whose it is with --queue or --job.")
        : reserve is { Target: null, Queue: null, Job: null } ? new Problem("Expected what is to be reserved: a site, floor, row, rack or node for maintenance, or accelerators for a queue or a job.", Field: "target")
        : reserve is { Target: null, Accelerators: 0 } ? new Problem("Expected how many accelerators, or where all of them are.", Field: "accelerators")
        : reserve.Hardware is { } hardware && HardwareCatalogue.Find(hardware) is null ? new Problem(
            $"There is no hardware '{hardware}'; expected {Sentence.Or(HardwareCatalogue.Names)}.", Field: "hardware", Hint: NearMatch.Hint(hardware, HardwareCatalogue.Names))
        : null;

    private static Problem? Whose(FactoryState state, ReserveWindow reserve)
    {
        if (reserve.Queue is { } queue && state.Queues.Queues.All(each => each.Name != queue))
        {
            var known = state.Queues.Queues.Select(static each => each.Name).ToList();
            return new Problem($"There is no queue '{queue}'; expected {Sentence.Or(known)}.", Field: "queue", Hint: NearMatch.Hint(queue, known));
        }

        if (reserve.Job is not { } id)
        {
            return null;
        }

        return !state.Jobs.TryGetValue(id, out var job) ? new Problem($"There is no job {id}.", Field: "job")
            : job.Role is { } role ? new Problem($"Job {id} is {RoleRules.NameOf(role)} of job {role.Job}: expected that.", Field: "job")
            : job.End is { } end ? new Problem($"Job {id} has already ended: it {Sentence.Ended(end.State)}.", Field: "job") : null;
    }

    private static Problem? Time(ReserveWindow reserve, long now, out long from, out long until)
    {
        from = reserve.From ?? now;
        until = reserve.Until ?? (reserve.Length is { } length && length <= TimeMax && from <= TimeMax ? from + length : long.MaxValue);
        return reserve.From is < 0 or > TimeMax ? new Problem("Expected a time from 1970 to 9999.", Field: "from")
            : (reserve.Until is null) == (reserve.Length is null) ? new Problem("Expected either when it is over or how long it is.", Field: "until")
            : reserve.Length is <= 0 ? new Problem("Expected a length of more than nothing.", Field: "length")
            : until is < 0 or > TimeMax ? new Problem("Expected a time from 1970 to 9999.", Field: "until")
            : from < now ? new Problem($"The time from which it is to be has passed, {Sentence.Duration(now - from)} ago.", Field: "from", Hint: "Without that time it begins at once.")
            : until <= from ? new Problem($"It would be over at {Sentence.Moment(until)}, before it begins at {Sentence.Moment(from)}.", Field: "until") : null;
    }

    /// <summary>Another reservation of the same target, or of something in it or around it, at any of the same time.</summary>
    private static Refusal? Overlap(FactoryState state, FactoryWindow window)
    {
        var other = state.Windows.Values.FirstOrDefault(other => other.Name != window.Name && other.From < window.Until && window.From < other.Until && IsWhole(other) && IsWhole(window)
            && (FleetPlaces.IsUnder(other.Target!, window.Target!) || FleetPlaces.IsUnder(window.Target!, other.Target!)));
        return other is null ? null : Conflict($"{Sentence.Capital(other.Target!)} is reserved as {other.Name} {WindowRules.ForWhom(other)} from {Sentence.Moment(other.From)} until {Sentence.Moment(other.Until)} already.",
            $"Take that back with 'superfactory fleet unreserve {other.Name}', or name another time.");
    }

    private static bool IsWhole(FactoryWindow window) => window is { Target: not null, Accelerators: 0, Hardware: null };

    /// <summary>Whether all that is reserved exists beside each other, in the fleet with all that its sites have.</summary>
    private static Refusal? Room(FactoryState state, FactoryWindow window)
    {
        var empty = new FleetState(FleetMaker.Whole(state), QueueTree.Create(state.Queues.Queues, null, state.Queues.Aging).Value!);
        FactoryWindow? first = null;
        foreach (var each in WindowRules.InOrder(state))
        {
            // What is of a single node is no place that the scheduler counts by.
            var isThere = empty.Reserved.Add(WindowRules.Of(each)) || each.IsMaintenance;
            first ??= isThere ? null : each;
        }

        return first is null ? null
            : first.Name != window.Name ? Conflict($"There would not be enough left for reservation {first.Name}: {WindowRules.What(first)} {WindowRules.ForWhom(first)}.", $"Take that back with 'superfactory fleet unreserve {first.Name}', or name another time.")
            : window.Accelerators == 0 ? new Refusal(RefusalKind.Invalid, [new Problem($"{Sentence.Capital(window.Target!)} has {(window.Hardware is null ? "no accelerators that could be kept for a queue or a job; expected a site, floor, row or rack" : $"no {window.Hardware}")}.", Field: "target")])
            : TooMany(state, empty, window);
    }

    private static Refusal TooMany(FactoryState state, FleetState empty, FactoryWindow window)
    {
        var others = state.Windows.Values.Where(other => other.Name != window.Name && other.From < window.Until && window.From < other.Until).Select(static other => other.Name).ToImmutableArray();
        var left = Most(empty, window);
        var where = window.Target is null ? "in the fleet" : $"at {window.Target}";
        var beside = others.IsEmpty ? string.Empty : $" beside reservation{(others.Length == 1 ? string.Empty : "s")} {Sentence.List(others)}";
        var text = string.Create(CultureInfo.InvariantCulture, $"Expected at most {left:#,0} {window.Hardware ?? "accelerators"} {where}{beside}, but found {window.Accelerators:#,0}.");
        return new Refusal(others.IsEmpty ? RefusalKind.Invalid : RefusalKind.Conflict, [new Problem(text, Field: "accelerators")]);
    }

    /// <summary>The most accelerators that a window could be of; what it takes to find out is a look for each bit of that.</summary>
    private static long Most(FleetState empty, FactoryWindow window)
    {
        var (fits, fails) = (0L, window.Accelerators);
        while (fails - fits > 1)
        {
            var middle = fits + ((fails - fits) / 2);
            if (empty.Reserved.Add(WindowRules.Of(window with { Accelerators = middle })))
            {
                empty.Reserved.Cancel(window.Number);
                fits = middle;
            }
            else
            {
                fails = middle;
            }
        }

        return fits;
    }

    private static Refusal Conflict(string message, string? hint = null) => new(RefusalKind.Conflict, [new Problem(message, Hint: hint)]);
}
