using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Tests.Merging.Virtual;

/// <summary>The rule of <c>sync.norm_limit</c> with lists: all accepted norms of each fragment, of which the last sixteen count.</summary>
internal sealed class ReferenceNorms(FragmentPlan plan)
{
    private readonly List<double>[] _accepted = [.. plan.Fragments.Select(_ => new List<double>())];

    /// <summary>What is merged is another thing from here on.</summary>
    public void Clear()
    {
        foreach (var accepted in _accepted)
        {
            accepted.Clear();
        }
    }

    public void Accept(float[] numbers)
    {
        for (var fragment = 0; fragment < _accepted.Length; fragment++)
        {
            _accepted[fragment].Add(NormOf(fragment, numbers));
        }
    }

    public bool IsOver(float[] numbers, double limit) => Enumerable.Range(0, _accepted.Length).Any(fragment =>
    {
        var last = _accepted[fragment].TakeLast(16).Order().ToList();
        return limit > 0 && last.Count == 16 && (last[7] + last[8]) / 2 is > 0 and var median && NormOf(fragment, numbers) > limit * median;
    });

    private double NormOf(int fragment, float[] numbers)
    {
        var sum = 0.0;
        for (var chunk = fragment; chunk < plan.Chunks; chunk += plan.Fragments.Length)
        {
            var span = plan.SpanOf(chunk);
            for (var index = span.Offset; index < span.Offset + span.Length; index++)
            {
                sum += (double)numbers[index] * numbers[index];
            }
        }

        return Math.Sqrt(sum);
    }
}
