using Superfactory.Cli.Chaos;
using Superfactory.Cli.Chaos.Checking;

namespace Superfactory.Cli.Tests.Chaos;

/// <summary>Which faults come when, and how recovery is reckoned.</summary>
public sealed class ChaosPlanTests
{
    [Fact]
    public void Every_kind_comes_within_two_minutes_and_faults_come_every_6_to_12_seconds_whatever_the_seed()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var faults = ChaosPlan.Draw(seed, TimeSpan.FromMinutes(2), ChaosPlan.Usual);

            faults.Select(static fault => fault.Kind).Distinct().Count().ShouldBe(ChaosPlan.Usual.Length, $"seed {seed}");
            faults.Zip(faults.Skip(1), static (one, next) => (next.At - one.At).TotalSeconds).ShouldAllBe(static gap => gap >= 6 && gap <= 12);
        }
    }

    [Fact]
    public void Same_seed_draws_the_same_faults_and_another_one_others()
    {
        ChaosPlan.Draw(7, TimeSpan.FromMinutes(3), ChaosPlan.WithoutLinks).ShouldBe(ChaosPlan.Draw(7, TimeSpan.FromMinutes(3), ChaosPlan.WithoutLinks));
        ChaosPlan.Draw(7, TimeSpan.FromMinutes(3), ChaosPlan.WithoutLinks).ShouldNotBe(ChaosPlan.Draw(8, TimeSpan.FromMinutes(3), ChaosPlan.WithoutLinks));
    }

    [Fact]
    public void Order_of_samples_is_the_clients()
    {
        long[] positions = [0, 5, 12345, 40000, 123456];

        positions.Select(static position => SampleOrder.At(position, 40001, 1)).ShouldBe([5023, 28171, 18052, 24177, 19579]);
        SampleOrder.At(2, 1, 3).ShouldBe(0);
    }

    [Fact]
    public void Recovery_counts_from_the_fault_to_the_first_final_result_that_was_not_under_way()
    {
        List<(double Given, double Final)> finals = [(100, 140), (190, 260), (300, 340)];

        Recovery.After(120, finals).ShouldBe(140);
        Recovery.After(195, finals).ShouldBe(145);
        Recovery.After(301, finals).ShouldBeNull();
    }

    [Fact]
    public void Median_of_an_even_number_of_faults_is_between_the_middle_two()
    {
        ChaosFault[] faults = [.. new double?[] { 4, 1, null, 2, 3 }.Select(static seconds => new ChaosFault(0, ChaosKind.KillAgent, "one", seconds))];

        RecoverySeconds.Of(faults).ShouldBe(new RecoverySeconds(2.5, 4));
    }
}
