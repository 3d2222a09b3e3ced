using System.Collections.Immutable;
using Superfactory.Model.Agents;
using Superfactory.Site.Agents;

namespace Superfactory.Site.Tests.Agents;

public sealed class ReportBufferTests
{
    [Fact]
    public void What_was_taken_comes_again_until_it_is_confirmed()
    {
        var buffer = new ReportBuffer(TimeProvider.System);
        Enumerable.Range(0, 3).ToList().ForEach(number => buffer.Add(Line($"{number}")));

        var first = buffer.Take();
        buffer.Add(Line("3"));
        var again = buffer.Take();
        buffer.Confirm(first);

        first.Lines.Select(line => line.Text).ShouldBe(["0", "1", "2"]);
        again.Lines.Select(line => line.Text).ShouldBe(["0", "1", "2", "3"]);
        buffer.Take().Lines.Select(line => line.Text).ShouldBe(["3"]);
    }

    [Fact]
    public void Lines_beyond_the_limit_push_the_oldest_out_and_a_line_says_how_many()
    {
        var buffer = new ReportBuffer(TimeProvider.System);
        Enumerable.Range(0, ReportBuffer.LinesMax + 7).ToList().ForEach(number => buffer.Add(Line($"{number}")));
        Enumerable.Range(0, ReportBuffer.MeasurementsMax + 2).ToList().ForEach(number => buffer.Add(Measurement(number)));

        var batch = buffer.Take();

        batch.Lines[0].Source.ShouldBe("agent");
        batch.Lines[0].Island.ShouldBe("atlanta");
        batch.Lines[0].Text.ShouldStartWith("(7 lines and 2 measurements were dropped here");
        batch.Lines[1].Text.ShouldBe("7");
        batch.Lines.Length.ShouldBe(1 + ReportBuffer.LinesPerReport);
        batch.Measurements[0].Step.ShouldBe(2);
    }

    [Fact]
    public void Lines_dropped_while_a_report_is_under_way_are_not_confirmed_with_it()
    {
        var buffer = new ReportBuffer(TimeProvider.System);
        Enumerable.Range(0, ReportBuffer.LinesMax + 1).ToList().ForEach(number => buffer.Add(Line($"{number}")));

        var batch = buffer.Take();
        Enumerable.Range(0, 5).ToList().ForEach(number => buffer.Add(Line($"later {number}")));
        buffer.Confirm(batch);

        var next = buffer.Take();
        next.Lines[0].Text.ShouldStartWith("(5 lines and 0 measurements");
        next.Lines[1].Text.ShouldBe($"{ReportBuffer.LinesPerReport + 1}");
    }

    [Fact]
    public void One_report_stays_below_what_the_control_plane_takes()
    {
        var buffer = new ReportBuffer(TimeProvider.System);
        Enumerable.Range(0, 400).ToList().ForEach(_ => buffer.Add(Line(new string('é', 4096))));

        var batch = buffer.Take();

        batch.Lines.Sum(line => line.Text.Length).ShouldBeInRange(ReportBuffer.CharactersPerReport - 4096, ReportBuffer.CharactersPerReport);
    }

    private static LogLine Line(string text) => new() { Job = 7, Island = "atlanta", Source = "trainer", UnixMilliseconds = 1, Text = text };

    private static Measurement Measurement(long step) => new()
    {
        Job = 7, Island = "atlanta", UnixMilliseconds = 1, Step = step, Values = ImmutableSortedDictionary<string, double>.Empty.Add("loss", 1),
    };
}
