using FsCheck;
using FsCheck.Fluent;
using Superfactory.Sync.Fragments;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Fragments;

public sealed class FragmentPlanTests
{
    [Fact]
    public void Plan_covers_every_parameter_once_and_is_balanced() => Prop.ForAll(
        Gen.Choose(1, 5000).ArrayOf().Where(sizes => sizes.Length > 0).ToArbitrary(),
        Gen.Choose(1, 64).ToArbitrary(),
        Gen.Choose(0, 40).ToArbitrary(),
        (sizes, islands, wanted) =>
        {
            var plan = FragmentPlan.Create(sizes, islands, wanted);
            var covered = new int[plan.Count];
            foreach (var span in plan.Fragments.SelectMany(fragment => fragment.Spans))
            {
                for (var index = span.Offset; index < span.Offset + span.Length; index++)
                {
                    covered[index]++;
                }
            }

            var piece = Math.Max(1, plan.Count / (plan.Fragments.Length * FragmentPlan.PiecesPerFragment));
            return plan.Count == sizes.Sum() && covered.All(times => times == 1)
                && plan.Fragments.Max(fragment => fragment.Count) - plan.Fragments.Min(fragment => fragment.Count) <= piece
                && plan.Fragments.All(fragment => fragment.Leader == fragment.Index % islands && fragment.Count > 0);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Plan_chooses_about_one_fragment_for_4_MiB_and_at_least_one_for_each_island()
    {
        FragmentPlan.Create([1000], 3).Fragments.Length.ShouldBe(3);
        FragmentPlan.Create([10 * 1024 * 1024], 2).Fragments.Length.ShouldBe(10);
        FragmentPlan.Create([10 * 1024 * 1024], 4).Fragments.Length.ShouldBe(12);
        FragmentPlan.Create([100], 2, wanted: 7).Fragments.Length.ShouldBe(7);
        FragmentPlan.Create([2], 5).Fragments.Length.ShouldBe(2);
    }

    [Fact]
    public void Neighbouring_layers_go_to_different_fragments()
    {
        var plan = FragmentPlan.Create([.. Enumerable.Repeat(1600, 20)], 2);

        plan.Fragments.ShouldAllBe(fragment => fragment.Spans.Length >= 8);
    }

    [Fact]
    public void Gather_and_scatter_move_each_element_to_its_place_and_back()
    {
        var plan = FragmentPlan.Create([17, 3, 40], 3);
        float[] packed = [.. Enumerable.Range(0, plan.Count).Select(index => (float)index)];
        var copy = new float[plan.Count];

        foreach (var fragment in plan.Fragments)
        {
            var own = new float[fragment.Count];
            fragment.Gather(packed, own);
            fragment.Scatter(own, copy);
        }

        copy.ShouldBe(packed);
    }
}
