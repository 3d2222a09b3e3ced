using Superfactory.Scheduling.Explaining;
using Superfactory.Scheduling.Pending;

namespace Superfactory.Scheduling;

/// <content>All that a job lacks.</content>
public sealed partial class Scheduler
{
    // What a gang of a role was granted another one may take instead: then more is granted.
    private const int GrantsMax = 16;

    private readonly LackSearch _lacks;

    /// <summary>
    /// All that a job lacks, and nothing that it would start without: if there were so much more of each, and nothing else changed, <see cref="Decide"/> would start it. Those that
    /// <see cref="PendingReason.Reserved"/> names would have to start first, or wait no longer. Of many things each is said once, of more than 64 possibly some that are not needed.
    /// </summary>
    /// <param name="request">The job; it does not run.</param>
    /// <param name="now">The time, in milliseconds since 1970.</param>
    /// <returns>What is lacking: several things as <see cref="PendingReason.Several"/>; null where it starts.</returns>
    public PendingReason? Lacking(GangRequest request, long now)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (Decide(request, now) is not { Reason: { } reason } || reason is PendingReason.Never)
        {
            return Decide(request, now).Reason;
        }

        var whatIf = new WhatIf(_state, now);
        var isGranted = Grant(request, now, whatIf);
        var needs = Needs(request, now, whatIf);
        whatIf.Undo();
        return isGranted ? Of(needs) : reason;
    }

    /// <summary>
    /// As above, of a job that waits among others: with what is said its own queue does not keep it from starting, nor does anybody start before it with what it is to have. Those that
    /// <see cref="PendingReason.Behind"/> and <see cref="PendingReason.After"/> name would have to start first, or wait no longer.
    /// </summary>
    /// <param name="request">The job; it does not run.</param>
    /// <param name="waiting">Those that wait beside it.</param>
    /// <param name="now">The time, in milliseconds since 1970.</param>
    /// <returns>What is lacking; null where it starts.</returns>
    public PendingReason? Lacking(GangRequest request, WaitingBeside waiting, long now)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(waiting);
        for (var behind = 0; behind < (waiting.Own.IsEmpty ? 1 : 2); behind++)
        {
            var whatIf = new WhatIf(_state, now);
            foreach (var before in behind == 0 ? [] : waiting.Own)
            {
                whatIf.Leave(before.Job);
            }

            List<PendingReason> needs = [];
            List<long> reserved = [];
            var isGranted = Grant(request, now, whatIf) && (behind > 0 || (MayStartBeside(waiting, whatIf) && waiting.StartsBeside()
                && !waiting.Own.Any(before => !whatIf.Away.Any(each => each.Job == before.Job) && Hinders(before, request, reserved, now))));
            if (isGranted)
            {
                var isLater = request.StartAfterMilliseconds > now;
                var others = isLater || whatIf.Needs.Any(static need => need is PendingReason.Running) ? waiting.All() : waiting.Before;
                var takers = Takers(others, mayOvertake: true, isLater ? 0 : Backlog.TakersMax, whatIf, taker => Hinders(taker, request, reserved, now));
                needs = [.. behind == 0 ? [] : new PendingReason[] { new PendingReason.Behind(waiting.Own[0].Job, waiting.Own.Length) }, .. Needs(request, now, whatIf), .. takers];
            }

            whatIf.Undo();
            reserved.ForEach(job => _state.Reserved.Withdraw(job));
            if (isGranted)
            {
                return Of(needs);
            }
        }

        return Decide(request, now).Reason;
    }

    /// <summary>Whether it is known what those of its queue claim that go before it: with what is granted they may wait for other things than before, unless a start is reserved for them.</summary>
    private bool MayStartBeside(WaitingBeside waiting, WhatIf whatIf) =>
        !whatIf.Needs.Any() || waiting.Own.All(before => _state.Reserved.TryFind(before.Job, out _) || whatIf.Away.Any(each => each.Job == before.Job));

    /// <summary>Whether somebody who is tried before a job would start, or have a start reserved that the job would run into.</summary>
    private bool Hinders(GangRequest before, GangRequest request, List<long> reserved, long now)
    {
        if (Decide(before, now).Starts)
        {
            return true;
        }

        if (_state.Reserved.TryFind(before.Job, out _) || (Claim(before, now) ?? Reserve(before, now)) is null)
        {
            return false;
        }

        if (!Decide(request, now).Starts)
        {
            return _state.Reserved.Withdraw(before.Job);
        }

        // It stays for those after it, who may hinder beside it.
        reserved.Add(before.Job);
        return false;
    }

    /// <summary>Those that would start before a job with what it is granted, and so take it.</summary>
    /// <param name="waiting">Of each queue those that go before it, in order.</param>
    /// <param name="mayOvertake">Whether jobs of a queue start though one before them does not: then those before them are counted with them.</param>
    /// <param name="left">How many are tried: beyond them all are said to start.</param>
    /// <param name="whatIf">What is granted; what is reserved for those that take it is so no longer.</param>
    /// <param name="takes">Whether one of them takes it.</param>
    /// <returns>Of each queue that any are of, the first and how many.</returns>
    internal static List<PendingReason.After> Takers(IReadOnlyList<IReadOnlyList<GangRequest>> waiting, bool mayOvertake, int left, WhatIf whatIf, Func<GangRequest, bool> takes)
    {
        var taken = new int[waiting.Count];
        var away = whatIf.Away.Select(static each => each.Job).ToHashSet();
        for (var isChanged = true; isChanged;)
        {
            isChanged = false;
            for (var list = 0; list < waiting.Count; list++)
            {
                for (var next = taken[list]; next < waiting[list].Count; next++)
                {
                    var taker = waiting[list][next];
                    if (away.Contains(taker.Job))
                    {
                        continue;
                    }

                    if (left > 0 && !takes(taker))
                    {
                        left--;
                        if (mayOvertake)
                        {
                            continue;
                        }

                        break;
                    }

                    left--;
                    for (var each = taken[list]; each <= next; each++)
                    {
                        whatIf.Leave(waiting[list][each].Job);
                    }

                    (taken[list], isChanged) = (next + 1, true);
                }
            }
        }

        return [.. waiting.Select((list, index) => (list, index)).Where(each => taken[each.index] > 0).Select(each => new PendingReason.After(each.list[0].Queue, each.list[0].Job, taken[each.index]))];
    }

    /// <summary>One thing by itself, several together; null where there is none.</summary>
    internal static PendingReason? Of(List<PendingReason> needs) => needs.Count switch { 0 => null, 1 => needs[0], _ => new PendingReason.Several([.. needs]) };

    /// <summary>What was granted, and the time for which a job waits.</summary>
    internal static List<PendingReason> Needs(GangRequest request, long now, WhatIf whatIf) =>
    [
        .. request.StartAfterMilliseconds > now ? new PendingReason[] { new PendingReason.Time(request.StartAfterMilliseconds) } : [], .. whatIf.Needs,
        .. whatIf.Away.Select(static each => new PendingReason.Reserved(each.Job, each.StartMilliseconds, each.Window?.Id ?? 0)),
    ];

    /// <summary>Grants a job all that it lacks, but for the time.</summary>
    /// <returns>Whether it starts then.</returns>
    internal bool Grant(GangRequest asked, long now, WhatIf whatIf)
    {
        var request = asked.AtLeast() with { StartAfterMilliseconds = 0 };
        bool Starts() => Decide(request, now).Starts;
        if (Starts())
        {
            return true;
        }

        // What is kept for the job itself is not free either, as it is looked at here.
        whatIf.Leave(request.Job);
        foreach (var reservation in _state.Reserved.All.ToList())
        {
            whatIf.TakeAway(reservation);
        }

        if (!Place(request, now, whatIf))
        {
            // Gangs that have a place stand in the way of others: all of them are placed anew, as in the empty fleet.
            whatIf.Forget();
            _lacks.FreeAll(whatIf);
            if (!Place(request, now, whatIf))
            {
                whatIf.Forget();
                foreach (var job in _state.Running.Values.OrderBy(static job => job.Number).ToList())
                {
                    whatIf.End(job);
                }

                _lacks.FreeAll(whatIf);
            }
        }

        // With what is kept for it, the job may lack more: that is held at the places it is to have, not where it would start now.
        whatIf.ComeBack(request.Job);
        if (!Starts() && !Place(request, now, whatIf))
        {
            return false;
        }

        whatIf.Spare(Starts);
        return true;
    }

    private bool Place(GangRequest request, long now, WhatIf whatIf)
    {
        for (var round = 0; round < GrantsMax; round++)
        {
            _ = request.Roles.IsEmpty ? _lacks.Place(request, whatIf) : _roles.Place(request, _lacks, whatIf);
            if (Decide(request, now).Starts)
            {
                return true;
            }
        }

        return false;
    }
}
