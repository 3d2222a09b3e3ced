using System.Numerics;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>
/// Tries a round again without an island from which nothing comes, or whose numbers are not what its header says. A leader with a
/// fragment that it has not committed objects, and commits nothing more in that attempt: so nobody has applied it, nor ever will. The
/// first island of the epoch decides the next attempt; everybody passes that on to a peer before anything of it.
/// </summary>
internal sealed class Attempts(MergeState state, RoundExchange exchange)
{
    private ObjectMessage? _objection;

    private RoundWork Work => exchange.Work;

    /// <summary>The island that decides.</summary>
    private int Decider => state.First;

    /// <summary>Nothing came from an island for too long, although it can be reached.</summary>
    public void Stalled(int island)
    {
        if (exchange.IsAwaited(island))
        {
            Object(island, belied: false);
        }
    }

    /// <summary>Enough islands have contributed, and the others took too long: tries without the first of them. Who leads nothing leaves it to the others.</summary>
    public void GraceOver()
    {
        if (exchange.IsQuorate && exchange.FirstLate is { } late)
        {
            Object(late, belied: false);
        }
    }

    /// <summary>Will commit nothing more in this attempt because of an island.</summary>
    /// <returns>Whether that is so; false where every fragment that this island leads is committed, so that others may have applied the round.</returns>
    public bool Object(int island, bool belied)
    {
        if (Work.Objected)
        {
            return true;
        }

        if (state.Lanes.Any)
        {
            // Who contributes is decided for all lanes together: the control plane leaves the island out of the next epoch.
            var why = belied ? "are not what its header says" : "do not come, although it can be reached";
            state.Refusals.Mistrust(island, $"The numbers of {state.NameOf(island)} in round {state.History.Round} {why}: {state.NameOf(state.Self)} waits for an epoch without it.");
            return Work.Objected = true;
        }

        if (!LeadsAnything())
        {
            return false;
        }

        Work.Objected = true;
        _objection = new ObjectMessage { Round = state.History.Round, Attempt = Work.Attempt, Island = island, Belied = belied };
        if (state.Self == Decider)
        {
            Decide(_objection);
        }
        else
        {
            Resend(state.PeerAt(Decider));
        }

        return true;
    }

    public void Take(Peer peer, ObjectMessage objection)
    {
        if (objection.Round != state.History.Round || objection.Attempt != Work.Attempt || !state.Initialised)
        {
            // What it objects to has been tried again since.
            return;
        }

        // Where a header is still missing here, what follows is decided when it has come.
        if (state.Self != Decider || objection.Island >= state.Count || Work.IsOut(objection.Island))
        {
            state.Fault(peer, $"an objection to island {objection.Island} in round {objection.Round}");
            return;
        }

        Decide(objection);
    }

    public void Take(Peer peer, AttemptMessage attempt)
    {
        if (!state.Initialised || attempt.Round != state.History.Round || attempt.Attempt < Work.Attempt)
        {
            return;
        }

        // Each attempt leaves out one island more than the one before it, for one reason.
        var everybody = state.EverybodyElse | 1UL << state.Self;
        if (((attempt.Stalled | attempt.Belied) & ~everybody) != 0
            || (attempt.Stalled & attempt.Belied) != 0
            || BitOperations.PopCount(attempt.Stalled | attempt.Belied) != attempt.Attempt
            || (Work.Stalled & ~attempt.Stalled) != 0 || (Work.Belied & ~attempt.Belied) != 0
            || (attempt.Attempt == Work.Attempt && (attempt.Stalled, attempt.Belied) != (Work.Stalled, Work.Belied)))
        {
            state.Fault(peer, $"attempt {attempt.Attempt} at round {attempt.Round} without other islands than were decided");
            return;
        }

        if (attempt.Attempt > Work.Attempt)
        {
            Begin(attempt, peer);
        }
    }

    /// <summary>What the peer may have missed.</summary>
    public void Resend(Peer peer)
    {
        if (!peer.Hears)
        {
            return;
        }

        if (Work.Attempt > 0)
        {
            state.Send(peer, Current());
        }

        if (Work.Objected && _objection is { } objection && peer.Index == Decider)
        {
            state.Send(peer, objection);
        }
    }

    private AttemptMessage Current() =>
        new() { Round = state.History.Round, Attempt = Work.Attempt, Stalled = Work.Stalled, Belied = Work.Belied };

    private bool LeadsAnything()
    {
        foreach (var fragment in state.Plan!.Fragments)
        {
            if (Work.LeaderOf(fragment) == state.Self && Work.Commits[fragment.Index] is null)
            {
                return true;
            }
        }

        return false;
    }

    private void Decide(ObjectMessage objection)
    {
        var culprit = 1UL << objection.Island;
        Begin(
            new AttemptMessage
            {
                Round = objection.Round,
                Attempt = objection.Attempt + 1,
                Stalled = Work.Stalled | (objection.Belied ? 0 : culprit),
                Belied = Work.Belied | (objection.Belied ? culprit : 0),
            },
            null);
    }

    private void Begin(AttemptMessage attempt, Peer? heardFrom)
    {
        Report(attempt.Stalled & ~Work.Stalled, attempt, "nothing came from it for too long");
        Report(attempt.Belied & ~Work.Belied, attempt, null);
        exchange.Begin(attempt);
        foreach (var peer in state.Fellows)
        {
            if (peer.Hears && peer != heardFrom)
            {
                state.Send(peer, Current());
            }
        }
    }

    private void Report(ulong islands, AttemptMessage attempt, string? why)
    {
        for (var rest = islands; rest != 0; rest &= rest - 1)
        {
            var island = BitOperations.TrailingZeroCount(rest);
            state.Note($"Round {attempt.Round} is tried again without {state.NameOf(island)}, because {why ?? WhatIsWrong(island)}; its samples are dealt again.");
        }
    }

    /// <summary>What is wrong with an island's numbers, as far as it is known here: norms that followed may refuse them.</summary>
    private string WhatIsWrong(int island) => exchange.Current.Headers[island] switch
    {
        null or { NormsFollow: true } => "its numbers are refused",
        { NonFinite: > 0 } => "some of its numbers are not finite",
        { } header when state.History.Norms.FindExcess(island, header.SquaredNorms.AsSpan(), state.Configuration.Sync.NormLimit) is { } excess =>
            $"the norm of fragment {state.History.NameOf(excess.Fragment)} is far over those accepted before",
        _ => "its numbers are not what its header says",
    };
}
