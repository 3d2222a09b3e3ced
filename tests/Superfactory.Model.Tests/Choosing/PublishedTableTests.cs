using System.Globalization;
using Superfactory.Model.Choosing;
using Superfactory.Model.Units;

namespace Superfactory.Model.Tests.Choosing;

/// <summary>The predictor against <see cref="PublishedTable"/>.</summary>
public class PublishedTableTests
{
    private static readonly IEnumerable<(PublishedRow Row, int Share, double Gigabits)> _plain =
        PublishedTable.Cells().Where(static cell => cell.Row.Method == "DiLoCo" && cell.Share <= 950_000);

    [Fact]
    public void Bandwidth_of_every_plain_diloco_cell_up_to_95_percent_is_predicted_within_30_percent()
    {
        foreach (var (row, share, gigabits) in _plain)
        {
            (row.PredictedGigabits(share) / gigabits).ShouldBeInRange(0.7, 1.3, $"{row.Model} at {share}");
        }
    }

    [Fact]
    public void Share_at_the_published_bandwidth_of_every_plain_diloco_cell_is_predicted_within_a_tenth()
    {
        foreach (var (row, share, gigabits) in _plain)
        {
            var measured = row.At(new Bandwidth((long)(gigabits * 1e9)));
            var blocking = SharePredictor.Predict(measured, row.Schedule(hidden: 0)).ShareMillionths;
            ((double)blocking / share).ShouldBeInRange(0.9, 1.1, $"{row.Model} at {share}, the whole merge waited for");
            var hidden = SharePredictor.Predict(measured, row.Schedule()).ShareMillionths;
            ((double)hidden / share).ShouldBeInRange(0.9, 1.1, $"{row.Model} at {share}");
        }
    }

    [Fact]
    public void Benchmarks_page_shows_every_cell_as_it_is_predicted()
    {
        var page = RepositoryFiles.Read("docs/benchmarks.md");
        foreach (var row in PublishedTable.Rows)
        {
            page.ShouldContain(Line(row));
        }
    }

    private static string Line(PublishedRow row)
    {
        var cells = PublishedTable.Shares.Select((share, column) =>
            string.Create(CultureInfo.InvariantCulture, $"{row.Gigabits[column]:0.0} / {row.PredictedGigabits(share * 10_000):0.0}"));
        return $"| {row.Model} | {row.Method} | {string.Join(" | ", cells)} |";
    }
}
