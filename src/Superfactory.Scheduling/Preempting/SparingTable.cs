using Superfactory.Model.Fleet;

namespace Superfactory.Scheduling.Preempting;

/// <summary>
/// Borrowed jobs that would fit into what their queues' guarantees have left are no victims: a queue loses nothing but what it uses beyond its guarantee. The
/// longest running are spared first. Only queues that changed are looked at anew. Not safe for concurrent use.
/// </summary>
internal sealed class SparingTable(int queues)
{
    private static readonly Comparison<RunningJob> _byStart = static (one, other) => one.StartMilliseconds.CompareTo(other.StartMilliseconds) is var order && order != 0 ? order : one.Number.CompareTo(other.Number);

    private readonly bool[] _isStale = new bool[queues];
    private readonly bool[] _hasSpared = new bool[queues];
    private readonly List<int> _stale = [];
    private readonly List<RunningJob> _candidates = [], _spared = [];
    private readonly long[] _left = new long[HardwareCatalogue.All.Length];

    /// <summary>What a queue holds changed.</summary>
    public void Changed(int queue)
    {
        if (!_isStale[queue])
        {
            _isStale[queue] = true;
            _stale.Add(queue);
        }
    }

    /// <summary>Whether some of a queue's jobs are spared, as of the last <see cref="Refresh(FleetState)"/>.</summary>
    public bool HasSpared(int queue) => _hasSpared[queue];

    /// <summary>Marks who is spared now.</summary>
    public void Refresh(FleetState state)
    {
        foreach (var queue in _stale)
        {
            _isStale[queue] = false;
            var had = _hasSpared[queue];
            if (had)
            {
                _hasSpared[queue] = false;
                foreach (var job in state.JobsOf(queue))
                {
                    if (job.IsSpared)
                    {
                        _spared.Add(job);
                        job.IsSpared = false;
                    }
                }
            }

            for (var type = 0; type < HardwareCatalogue.All.Length; type++)
            {
                _left[type] = Refresh(state, queue, type);
            }

            if (state.HasMixed(queue))
            {
                SpareMixed(state, queue);
            }

            if (_spared.Exists(static job => !job.IsSpared))
            {
                // Who may take it back could not before.
                state.Regain();
            }

            _spared.Clear();
            if (_hasSpared[queue] || had)
            {
                foreach (var job in state.JobsOf(queue))
                {
                    state.Count(job);
                    state.GiveWayAnew(job);
                }
            }
        }

        _stale.Clear();
    }

    /// <summary>Spares jobs of one kind of hardware.</summary>
    /// <returns>What the guarantee has left after them.</returns>
    private long Refresh(FleetState state, int queue, int type)
    {
        var left = state.Quota.Own(queue, type) - state.Quota.Owned(queue, type);
        if (left <= 0)
        {
            return 0;
        }

        _candidates.Clear();
        foreach (var job in state.JobsOf(queue))
        {
            if (!job.IsOwned && job.Type == type && job.Others.IsEmpty && job.Accelerators <= left)
            {
                _candidates.Add(job);
            }
        }

        _candidates.Sort(_byStart);
        foreach (var job in _candidates)
        {
            if (job.Accelerators <= left)
            {
                left -= job.Accelerators;
                (job.IsSpared, _hasSpared[queue]) = (true, true);
            }
        }

        return left;
    }

    /// <summary>Spares jobs that hold several kinds, where the guarantees have room for all of them.</summary>
    private void SpareMixed(FleetState state, int queue)
    {
        _candidates.Clear();
        foreach (var job in state.JobsOf(queue))
        {
            if (!job.IsOwned && !job.Others.IsEmpty)
            {
                _candidates.Add(job);
            }
        }

        _candidates.Sort(_byStart);
        foreach (var job in _candidates)
        {
            if (job.Of(job.Type) > _left[job.Type] || job.Others.Any(other => other.Accelerators > _left[other.Type]))
            {
                continue;
            }

            _left[job.Type] -= job.Of(job.Type);
            foreach (var (type, count) in job.Others)
            {
                _left[type] -= count;
            }

            (job.IsSpared, _hasSpared[queue]) = (true, true);
        }
    }
}
