using System.Collections.Immutable;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>
/// One island whose model is merged in lanes: a virtual trainer of the whole model, in whose memory each lane has its stretch. What the trainer
/// does every lane's machine hears; what the machines want of it is done when all of them want it: what is wanted must be the same.
/// </summary>
internal sealed class LaneGroup
{
    private readonly Scenario _scenario;
    private readonly int _lanes;
    private readonly VirtualTrainer _trainer;
    private readonly Queue<MergeEffect>[] _wanted;

    public LaneGroup(Scenario scenario, int island, int lanes, Action<long, float[]> onMerged)
    {
        (_scenario, _lanes) = (scenario, lanes);
        _trainer = new VirtualTrainer(scenario, island) { OnMerged = onMerged };
        _wanted = [.. Enumerable.Range(0, lanes).Select(_ => new Queue<MergeEffect>())];
    }

    public VirtualTrainer Trainer => _trainer;

    /// <summary>What each lane's machine is told of the trainer's next action.</summary>
    public ImmutableArray<MergeInput> Act()
    {
        var action = _trainer.Act();
        return [.. Enumerable.Range(0, _lanes).Select(lane => action is MergeInput.TrainerRegistered whole ? Part(whole, lane) : action)];
    }

    /// <summary>Whether the trainer has something to do.</summary>
    public bool CanAct => _trainer.Next is not null;

    /// <summary>A lane's machine wants something of the trainer.</summary>
    /// <returns>False where the lanes want different things: the client ends itself then, and its island begins anew.</returns>
    public bool Take(int lane, MergeEffect effect)
    {
        _wanted[lane].Enqueue(effect);
        if (!_wanted.All(queue => queue.Count > 0))
        {
            return true;
        }

        var effects = _wanted.Select(queue => queue.Dequeue()).ToList();
        if (effects.Select(Describe).Distinct().Count() > 1)
        {
            return false;
        }

        _trainer.Take(effects[0]);
        return true;
    }

    /// <summary>Tensors of a lane: a stretch of the model, the last lane with what is left; buffers are of the first.</summary>
    private MergeInput Part(MergeInput.TrainerRegistered whole, int lane)
    {
        var each = _scenario.Sizes.Length / _lanes;
        var (first, last) = (lane * each, lane == _lanes - 1 ? _scenario.Sizes.Length : (lane + 1) * each);
        var start = _scenario.Sizes.Take(first).Sum();
        var count = _scenario.Sizes.Take(last).Sum() - start;
        var tensors = _scenario.Table.Where((tensor, index) => tensor.Role == TensorRole.Parameter ? index >= first && index < last : lane == 0);
        return whole with
        {
            Tensors = [.. tensors],
            Buffers = new MergeBuffers(whole.Buffers.Local.Slice(start, count), whole.Buffers.Merged.Slice(start, count), lane == 0 ? whole.Buffers.Statics : default),
        };
    }

    private static string Describe(MergeEffect effect) => effect switch
    {
        MergeEffect.Begin begin => $"begin {begin.Turn} {begin.LoadMerged}",
        MergeEffect.Deal deal => $"deal {deal.Turn} {deal.Samples?.Segment} {deal.Samples?.Offset} {deal.Samples?.Stride}",
        MergeEffect.Merged merged => $"merged {merged.Result.Round} {merged.Result.Next} {merged.Result.Loss:R} {merged.Result.Tokens} {merged.Result.Reset} {merged.Result.Deal?.Segment}",
        MergeEffect.Finalized finalized => $"finalized {finalized.LoadMerged}",
        _ => effect.GetType().Name,
    };
}
