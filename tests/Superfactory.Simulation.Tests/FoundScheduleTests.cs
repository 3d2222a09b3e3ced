namespace Superfactory.Simulation.Tests;

/// <summary>Schedules that once found a bug of the machines, which are mended: each failed before.</summary>
public sealed class FoundScheduleTests
{
    [Theory]
    [InlineData(3, 178, "in streaming, work that a round without the island took out of the run stayed in its numbers")]
    [InlineData(6, 135, "a round closed again and again without the one late island that had samples")]
    [InlineData(5, 63, "a round closed again and again without the one late island that had samples")]
    [InlineData(5, 399, "a trainer went on with the frozen tensors of a run that another island began")]
    [InlineData(5, 692, "a learner between two copies began the run anew from the older one")]
    [InlineData(10, 485, "an island that took the round's end with a trainer's state offered a mean that it did not have")]
    [InlineData(10, 621, "an island that was greeted before a round ended waited for its header and commits for ever")]
    [InlineData(77, 467, "a member that promised to leave the epoch in which the others ended waited for the next one for ever")]
    [InlineData(77, 3_256, "an island whose run went on without it was counted among those that fail, and ended the job")]
    [InlineData(9, 959, "an island that was greeted before a round ended waited for its header and commits for ever")]
    public void Schedule_that_found_a_bug_holds(ulong seed, long schedule, string because) =>
        Schedule.Run(Scenario.Of(seed, schedule, Drawing.Fixed), schedule).Violation.ShouldBeNull(because);

    [Theory]
    [InlineData(1, 80, "a run whose only good checkpoint lay at the site of an island that was set aside waited for ever")]
    [InlineData(1, 541, "an island that was left out as the mode changed to every-step went on with its own optimizer")]
    [InlineData(1, 765, "an island that was left out as the mode changed to every-step gave its trainer a result that is no part of the run")]
    [InlineData(1, 4, "an island that was alone for a moment ended the run with the third contribution that was refused")]
    [InlineData(3, 4_925, "an island that came failed again and again because the one member that it heard had no trainer's state")]
    [InlineData(1, 78, "an island that came failed again and again because the members that it heard had no trainer's state")]
    [InlineData(3, 5_853, "islands that began every-step in two epochs with different optimizers went on with them")]
    [InlineData(1, 3_087, "islands that began every-step in two epochs with different optimizers went on with them")]
    [InlineData(1, 2_214, "a run that began again took up a trainer whose optimizer had trained before")]
    [InlineData(4, 4_110, "what a member had offered of an earlier round was taken for a fault")]
    [InlineData(3, 1_972, "the checker expected a member to go on without the state that only a trainer that stalled had")]
    [InlineData(102, 1_492, "of a cut in an epoch in which the run began the side without its state went on")]
    [InlineData(2, 4_801, "the checker counted on the state of an island that was set aside")]
    public void Schedule_with_changing_modes_and_islands_set_aside_that_found_a_bug_holds(ulong seed, long schedule, string because) =>
        Schedule.Run(Scenario.Of(seed, schedule, Drawing.OnePiece), schedule).Violation.ShouldBeNull(because);

    [Theory]
    [InlineData(1, 771, "one lane of an island took what the next epoch began with, which nobody was left to give the other")]
    [InlineData(1, 2_307, "one lane of an island took what the next epoch began with, which nobody was left to give the other")]
    [InlineData(109, 1_313, "the history knew of a new member before the round was committed, also where the next epoch was without it")]
    [InlineData(2, 6_846, "the checker did not count what became final in an epoch after the next was decided")]
    [InlineData(2, 2_146, "the checker did not count what became final in an epoch after the next was decided")]
    [InlineData(107, 2_880, "a member waited for ever for one that promised while it wrote its last checkpoint, and then finished")]
    [InlineData(2, 9_703, "islands end one after another while their epoch is replaced, and the run must end")]
    [InlineData(107, 7_936, "a simulated agent had two requests under way, of which the second came first, and told of checkpoints that were deleted")]
    [InlineData(202, 1_200, "a copy that had arrived and that no list had named yet was taken for whole after its site's disk was lost")]
    [InlineData(201, 56, "a copy that had arrived and that no list had named yet was taken for whole after its site's disk was lost")]
    [InlineData(203, 4_563, "the checker took sound contributions over the limit of norms for ones that nothing was wrong with")]
    public void Schedule_in_lanes_that_found_a_bug_holds(ulong seed, long schedule, string because) =>
        Schedule.Run(Scenario.Of(seed, schedule, Drawing.Whole), schedule).Violation.ShouldBeNull(because);
}
