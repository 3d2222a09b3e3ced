using Superfactory.Core.Planning;
using Superfactory.Scheduling;
using Superfactory.Scheduling.Wan;

namespace Superfactory.Core.Reading;

/// <summary>Why a job is still queued, and what would unblock it.</summary>
internal static class QueueReasons
{
    public static string Of(FactoryState state, Placement placement, long now)
    {
        if (placement.Paused is { } paused)
        {
            return $"Queue {paused} is paused: 'superfactory queue resume {paused}' lets its jobs start.";
        }

        if (placement.IsStopping)
        {
            return "Waits for the gangs of its roles to stop.";
        }

        if (placement.NotBefore > 0)
        {
            return $"Is tried again in {Sentence.Duration(placement.NotBefore - now)}.";
        }

        if (!placement.Away.IsEmpty)
        {
            return string.Join(' ', placement.Away.Select(site => placement.Domain is { } domain && state.IsOpen(site)
                ? $"Waits for site {site}: it places its own gangs, or runs some that it has placed, and promises no {domain}." : $"Waits for site {site}: {Absence(state, site, now)}."));
        }

        if (placement.Wanted > 0)
        {
            var connected = placement.Connected;
            return $"Waits for {placement.Wanted} sites with slots{(placement.Domain is { } domain ? $", where the fleet places gangs within a {domain}" : string.Empty)}: "
                + (connected.IsEmpty ? "none is connected." : $"{connected.Length} {(connected.Length == 1 ? "is" : "are")} connected ({string.Join(", ", connected)}).");
        }

        if (!placement.Full.IsEmpty)
        {
            var site = placement.Full[0];
            return placement.Ahead.IsEmpty
                ? $"Waits for a slot at {site}, which offers none."
                : $"Waits for a free slot at {site}: {(placement.Ahead.Length < SlotLedger.AheadMax ? Sentence.Jobs(placement.Ahead) : $"jobs {string.Join(", ", placement.Ahead.Take(SlotLedger.AheadMax - 1))} and more")} {(placement.Ahead.Length == 1 ? "comes" : "come")} first.";
        }

        if (placement.Reason is PendingReason.Reserved { Window: not 0 and var number } && WindowRules.Find(state, number) is { } window)
        {
            return $"It would run into reservation {window.Name}, {WindowRules.What(window)} {WindowRules.ForWhom(window)} from {Sentence.Moment(window.From)} until {Sentence.Moment(window.Until)}.";
        }

        if (placement.Reason is PendingReason.Wan rate)
        {
            return $"It needs {WanReservation.Text(rate.BytesPerSecond)} from {rate.From} to {rate.To} on a route that has room.";
        }

        return placement.Reason is PendingReason.Role role ? $"{Sentence.Capital(role.ToString())}." : placement.Reason is { } reason ? $"It {reason}." : "Is about to start.";
    }

    /// <summary>Whether gangs are placed at a site that is connected: it is in service, and nothing of an earlier lease is left there.</summary>
    public static bool IsUsable(FactoryState state, string site) => state.OutageOf(site) is null && state.Sites.TryGetValue(site, out var known) && !known.ClearingAwaited;

    /// <summary>Why a site is not connected, as the rest of a sentence.</summary>
    public static string Absence(FactoryState state, string site, long now)
    {
        if (!state.Sites.TryGetValue(site, out var known))
        {
            return "no agent of that name has joined yet";
        }

        if (known.Standing == SiteStanding.Connected && state.OutageOf(site) is { } outage)
        {
            return $"it is {Sentence.Outage(outage.State)}, {Sentence.Lower(outage.Reason).TrimEnd('.')}";
        }

        if (known is { Standing: SiteStanding.Connected, ClearingAwaited: true })
        {
            return "its agent has not said yet that the gangs have ended whose lease is over";
        }

        var ago = Sentence.Duration(now - known.HeardAt);
        return known.Standing == SiteStanding.Left ? $"its agent left {ago} ago" : $"its agent was last heard {ago} ago";
    }
}
