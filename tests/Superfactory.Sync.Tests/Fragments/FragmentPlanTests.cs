using FsCheck;
using FsCheck.Fluent;
using Superfactory.Sync.Fragments;
using Superfactory.Sync.Merging;

namespace Superfactory.Sync.Tests.Fragments;

public sealed class FragmentPlanTests
{
    [Fact]
    public void Plan_covers_every_parameter_once_and_is_balanced() => Prop.ForAll(
        Gen.Choose(1, 5_000_000).ToArbitrary(),
        Gen.Choose(1, 64).ToArbitrary(),
        Gen.Choose(0, 40).ToArbitrary(),
        (total, islands, wanted) =>
        {
            var plan = FragmentPlan.Create(total, islands, wanted, 3000);
            var (next, counts) = (0, new int[plan.Fragments.Length]);
            for (var chunk = 0; chunk < plan.Chunks; chunk++)
            {
                var span = plan.SpanOf(chunk);
                if (span.Offset != next || span.Length < 1 || span.Length > plan.ChunkLength)
                {
                    return false;
                }

                next += span.Length;
                counts[plan.FragmentOf(chunk).Index] += span.Length;
            }

            return next == total && plan.Count == total && plan.ChunkLength <= 3000 && plan.Fragments.Length >= Math.Min(total, islands)
                && counts.Max() - counts.Min() <= plan.ChunkLength && plan.Fragments.All(fragment =>
                    fragment.Leader == fragment.Index % islands && fragment.Count == counts[fragment.Index] && fragment.Chunks > 0
                    && Enumerable.Range(0, fragment.Chunks).All(place => plan.FragmentOf(fragment.Index + (place * fragment.Stride)) == fragment)
                    && fragment.Index + (fragment.Chunks * fragment.Stride) >= plan.Chunks);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Plan_chooses_about_one_fragment_for_4_MiB_and_at_least_one_for_each_island()
    {
        FragmentPlan.Create(1000, 3).Fragments.Length.ShouldBe(3);
        FragmentPlan.Create(10 * 1024 * 1024, 2).Fragments.Length.ShouldBe(10);
        FragmentPlan.Create(10 * 1024 * 1024, 4).Fragments.Length.ShouldBe(12);
        FragmentPlan.Create(100, 2, wanted: 7).Fragments.Length.ShouldBe(7);
        FragmentPlan.Create(100, 2, wanted: 1).Fragments.Length.ShouldBe(2);
        FragmentPlan.Create(2, 5).Fragments.Length.ShouldBe(2);
    }

    [Fact]
    public void Chunks_of_a_large_model_are_as_long_as_a_message_and_those_of_a_small_one_a_sixteenth_of_a_fragment()
    {
        FragmentPlan.Create(64 * 1024 * 1024, 2, chunkLengthMax: 49_152).ChunkLength.ShouldBe(49_152);
        FragmentPlan.Create(1024 * 1024, 2).ChunkLength.ShouldBe(32_832);
        FragmentPlan.Create(20_000, 2).ChunkLength.ShouldBe(MergeLimits.ChunkLengthMin);
        FragmentPlan.Create(2 * 1024 * 1024, 2).ChunkLength.ShouldBe(65_600);
    }

    [Fact]
    public void Neighbouring_chunks_go_to_different_leaders()
    {
        var plan = FragmentPlan.Create(1024 * 1024, 4);

        Enumerable.Range(0, plan.Chunks - 1).ShouldAllBe(chunk => plan.FragmentOf(chunk).Leader != plan.FragmentOf(chunk + 1).Leader);
    }
}
