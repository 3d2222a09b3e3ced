using System.Collections.Concurrent;
using Superfactory.Control.Grants;
using Superfactory.Core;
using Superfactory.Model.Agents;

namespace Superfactory.Control.Writing;

/// <summary>Where agents wait for new instructions. Safe to use from any thread.</summary>
internal sealed class InstructionsDesk
{
    /// <summary>The longest wait, in milliseconds; a longer one is shortened to it.</summary>
    public const int WaitMillisecondsMax = 30_000;

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _signals = new(StringComparer.Ordinal);
    private readonly FactoryWriter _writer;
    private readonly GrantBoard _grants;
    private readonly TimeProvider _time;

    public InstructionsDesk(FactoryWriter writer, GrantBoard grants, TimeProvider time)
    {
        (_writer, _grants, _time) = (writer, grants, time);
        writer.Stepped += (_, effects) => Wake(effects.Sites);
        grants.Changed += Wake;
    }

    /// <summary>Waits until the site's instructions are other than revision <paramref name="after"/>, or its grants other than <paramref name="routes"/>.</summary>
    /// <param name="site">The site.</param>
    /// <param name="session">Its agent's session.</param>
    /// <param name="after">The revision that it has.</param>
    /// <param name="routes">The revision of the grants that it has; null where it does not wait for grants.</param>
    /// <param name="waitMilliseconds">How long to wait.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>Whether the session stands, and the instructions; none where nothing changed within the wait or the cancellation ended it.</returns>
    public async Task<(bool SessionKnown, AgentInstructions? Instructions)> WaitAsync(
        string site, string session, long after, long? routes, int waitMilliseconds, CancellationToken cancellation)
    {
        var began = _time.GetTimestamp();
        var wait = TimeSpan.FromMilliseconds(Math.Clamp(waitMilliseconds, 0, WaitMillisecondsMax));
        while (true)
        {
            // Taken before the state is read, so that a change in between is not missed.
            var signal = _signals.GetOrAdd(site, static _ => NewSignal()).Task;
            var state = _writer.State;
            if (!IsSession(state, site, session))
            {
                return (false, null);
            }

            var grants = _grants.Of(site);
            if (state.Sites[site].InstructionsRevision != after || (routes is { } has && has != grants.Revision))
            {
                return (true, InstructionsReader.Read(state, site) with { RoutesRevision = grants.Revision, Routes = grants.Routes });
            }

            var left = wait - _time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero || !await SignalledAsync(signal, left, cancellation))
            {
                return (true, null);
            }
        }
    }

    /// <summary>Whether an agent's session is the one that the factory knows, be it lost at the moment.</summary>
    public static bool IsSession(FactoryState state, string site, string? session)
        => state.Sites.TryGetValue(site, out var known)
            && known.Standing != SiteStanding.Left
            && string.Equals(known.Session, session, StringComparison.Ordinal);

    private async Task<bool> SignalledAsync(Task signal, TimeSpan left, CancellationToken cancellation)
    {
        var timeout = Task.Delay(left, _time, cancellation);
        return await Task.WhenAny(signal, timeout) == signal;
    }

    private void Wake(IEnumerable<string> sites)
    {
        foreach (var site in sites)
        {
            if (_signals.TryRemove(site, out var signal))
            {
                signal.TrySetResult();
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
